//! [`EndGuard`]: ends an execution even if its task does not get to, because the runtime shuts down.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use chrono::Utc;

use super::catch_unwind::no_panic;
use super::outcome::terminal_event;
use crate::error::{ExecutionFailure, FailureCode};
use crate::event::{EventHandler, ExecutionEvent};
use crate::registry::{Execution, Registry};
use crate::result::{ExecutionResult, ExecutionStatus};

/// Dropped with the task, after all its other fields: the process tree has been killed by then.
pub(crate) struct EndGuard {
    pub(crate) execution: Arc<Execution>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) handler: Option<Arc<dyn EventHandler>>,
}

impl EndGuard {
    fn interrupted(&self) -> ExecutionResult {
        let known = self.execution.summary();
        let message = format!("`{}` was cut off when the runtime it ran on was shut down", known.command);
        let error = ExecutionFailure::new(FailureCode::Interrupted, message);
        ExecutionResult {
            started_at: known.started_at,
            duration_ms: known.duration_ms.unwrap_or(0),
            log_path: known.log_path,
            output_incomplete: known.started_at.is_some(),
            ..self.execution.unstarted_result(ExecutionStatus::Interrupted, Some(error))
        }
    }

    /// Nothing can be awaited any more. Only a handler that completes without waiting receives the event;
    /// most do.
    fn deliver(&self, result: &Arc<ExecutionResult>) {
        let Some(handler) = &self.handler else { return };
        let (execution_id, timestamp, kind) = (self.execution.id, Utc::now(), terminal_event(result));
        let event = ExecutionEvent { execution_id, timestamp, kind };
        let delivered =
            no_panic(|| pin!(handler.handle(event)).poll(&mut Context::from_waker(Waker::noop())).is_ready());
        if delivered != Ok(true) {
            tracing::debug!(id = %execution_id, "the terminal event had no runtime to be delivered on");
        }
    }
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        if self.execution.result().is_none() {
            let result = Arc::new(self.interrupted());
            if self.execution.set_result(&result) {
                tracing::debug!(status = result.status.as_str(), "ended");
                self.registry.finished(self.execution.id);
                self.deliver(&result);
            }
        }
        self.execution.release_waiters();
    }
}
