//! [`Listener`]: one execution's events on their way to the bridge.

use std::sync::Arc;

use execution_engine::{EventHandler, ExecutionEvent, HandlerFuture, LineBatch};
use tokio::sync::watch;

use crate::event_bridge::EventBridge;

/// What happens to an execution's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// They go to JavaScript.
    Open,
    /// They wait, and so, before long, does the child.
    Paused,
    /// Nobody wants them any more.
    Stopped,
}

/// The handler of one execution.
pub struct Listener {
    /// Stands for the execution in batches.
    pub number: u32,
    /// What happens to lines, and to whatever else comes before the end.
    pub gate: watch::Receiver<Gate>,
    /// The way to JavaScript.
    pub bridge: Arc<EventBridge>,
}

impl EventHandler for Listener {
    fn wants_lines(&self) -> bool {
        *self.gate.borrow() != Gate::Stopped
    }

    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(async move {
            let is_last = event.kind.is_terminal();
            if is_last || self.wants_lines() {
                let batch = self.bridge.event(self.number, event);
                if is_last {
                    // Whoever waits for the result is let go only when JavaScript has seen the end.
                    self.bridge.processed(batch).await;
                }
            }
        })
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async move {
            let mut gate = self.gate.clone();
            // An error means that the engine's class is gone: then nobody will open the gate.
            let Ok(gate) = gate.wait_for(|gate| *gate != Gate::Paused).await.map(|gate| *gate) else {
                return;
            };
            if gate == Gate::Open {
                self.bridge.lines(self.number, batch).await;
            }
        })
    }
}
