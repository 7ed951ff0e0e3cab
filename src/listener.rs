//! [`Listener`]: one execution's events on their way to the bridge.

use std::sync::Arc;

use execution_engine::{EventHandler, ExecutionEvent, HandlerFuture, LineBatch};

use crate::event_bridge::EventBridge;
use crate::gate::Gate;
use crate::runtime;

/// The handler of one execution.
pub struct Listener {
    /// Stands for the execution in batches.
    pub number: u32,
    /// What happens to lines, and to whatever else comes before the end.
    pub gate: Arc<Gate>,
    /// The way to JavaScript.
    pub bridge: Arc<EventBridge>,
}

impl EventHandler for Listener {
    fn wants_lines(&self) -> bool {
        !self.gate.is_stopped()
    }

    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
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

    fn try_handle_lines(&self, batch: &LineBatch) -> bool {
        self.gate.is_open() && self.bridge.try_lines(self.number, batch)
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async move {
            if self.gate.passed().await {
                self.bridge.lines(self.number, batch).await;
            }
        })
    }
}
