//! [`Listener`]: one execution's events on their way to the bridge.

use std::sync::{Arc, Mutex};

use execution_engine::{BridgeHandler, EventHandler, EventKind, ExecutionEvent, HandlerFuture, LineBatch};
use uuid::Uuid;

use super::budget::Permit;
use super::event_bridge::EventBridge;
use super::runtime;
use super::subscription::Subscription;
use crate::sync::lock;

/// The handler of one execution.
pub struct Listener {
    /// The execution's number in batches.
    number: u32,
    /// Whether lines, and other events before the end, go to JavaScript.
    subscription: Arc<Subscription>,
    /// The way to JavaScript.
    bridge: Arc<EventBridge>,
    /// The reservation for the next read.
    reserved: Mutex<Option<Permit>>,
}

impl Listener {
    pub fn new(number: u32, subscription: Arc<Subscription>, bridge: Arc<EventBridge>) -> Self {
        Self { number, subscription, bridge, reserved: Mutex::default() }
    }

    fn set_reserved(&self, permit: Option<Permit>) -> Option<Permit> {
        std::mem::replace(&mut *lock(&self.reserved), permit)
    }
}

impl EventHandler for Listener {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self.set_reserved(None);
        Box::pin(async move {
            let is_last = event.kind.is_terminal();
            let is_awaited =
                matches!(event.kind, EventKind::Started { .. }) && self.subscription.wants_start();
            if is_last || is_awaited || self.wants_lines() {
                let batch = self.bridge.event(self.number, event);
                if is_last {
                    // The result is released only after JavaScript has seen the end.
                    self.bridge.processed(batch).await;
                    runtime::ended();
                }
            }
        })
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        self.set_reserved(None);
        Box::pin(async move {
            if self.subscription.flowing().await {
                self.bridge.lines(self.number, batch).await;
            }
        })
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for Listener {
    fn wants_lines(&self) -> bool {
        !self.subscription.is_cancelled()
    }

    fn try_reserve(&self, _: Uuid) -> bool {
        let mut reserved = lock(&self.reserved);
        if reserved.is_none() {
            *reserved = self.bridge.budget().try_reserve();
        }
        reserved.is_some()
    }

    fn reserve(&self, _: Uuid) -> HandlerFuture<'_> {
        Box::pin(async move {
            let permit = self.bridge.budget().reserve().await;
            self.set_reserved(Some(permit));
        })
    }

    fn try_handle_lines(&self, batch: &mut LineBatch) -> bool {
        let reserved = self.set_reserved(None).unwrap_or_default();
        !batch.text.is_empty()
            && self.subscription.is_flowing()
            && self.bridge.try_lines(self.number, batch, reserved)
    }
}
