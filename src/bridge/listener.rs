//! [`Listener`]: one execution's events on their way to the bridge.

use std::sync::{Arc, Mutex, MutexGuard};

use execution_engine::{EventHandler, ExecutionEvent, HandlerFuture, LineBatch};
use uuid::Uuid;

use super::event_bridge::{EventBridge, Reserved};
use super::gate::Gate;
use crate::runtime;
use crate::sync::lock;

/// The handler of one execution.
pub struct Listener {
    /// Stands for the execution in batches.
    number: u32,
    /// What happens to lines, and to whatever else comes before the end.
    gate: Arc<Gate>,
    /// The way to JavaScript.
    bridge: Arc<EventBridge>,
    /// For what is read next.
    reserved: Mutex<Option<Reserved>>,
}

impl Listener {
    pub fn new(number: u32, gate: Arc<Gate>, bridge: Arc<EventBridge>) -> Self {
        Self { number, gate, bridge, reserved: Mutex::default() }
    }

    fn reserved(&self) -> MutexGuard<'_, Option<Reserved>> {
        lock(&self.reserved)
    }

    fn release(&self) {
        if let Some(reserved) = self.reserved().take() {
            self.bridge.release(reserved);
        }
    }
}

impl EventHandler for Listener {
    fn wants_lines(&self) -> bool {
        !self.gate.is_stopped()
    }

    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self.release();
        Box::pin(async move {
            let is_last = event.kind.is_terminal();
            if is_last || self.wants_lines() {
                let batch = self.bridge.event(self.number, event);
                if is_last {
                    // Whoever waits for the result is let go only when JavaScript has seen the end.
                    self.bridge.processed(batch).await;
                    runtime::ended();
                }
            }
        })
    }

    fn try_reserve(&self, _: Uuid) -> bool {
        let mut reserved = self.reserved();
        if reserved.is_none() {
            *reserved = self.bridge.try_reserve();
        }
        reserved.is_some()
    }

    fn reserve(&self, _: Uuid) -> HandlerFuture<'_> {
        Box::pin(async move {
            let reserved = self.bridge.reserve().await;
            *self.reserved() = Some(reserved);
        })
    }

    fn try_handle_lines(&self, batch: &mut LineBatch) -> bool {
        let reserved = self.reserved().take().unwrap_or_default();
        if batch.text.is_empty() || !self.gate.is_open() {
            self.bridge.release(reserved);
            return false;
        }
        self.bridge.try_lines(self.number, batch, reserved)
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        self.release();
        Box::pin(async move {
            if self.gate.passed().await {
                self.bridge.lines(self.number, batch).await;
            }
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.release();
    }
}
