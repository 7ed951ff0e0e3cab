//! From the end of the process to the terminal event.

use std::sync::Arc;
use std::time::Duration;

use execution_log::LogFooter;
use tokio::time::timeout;

use super::delivery::Delivery;
use super::end_guard::EndGuard;
use super::outcome::terminal_event;
use crate::admission::Permit;
use crate::error::{ExecutionFailure, FailureCode};
use crate::log::ExecutionLog;
use crate::registry::{Execution, Registry};
use crate::result::{ExecutionResult, ExecutionStatus};

/// How long callers that wait for a result wait for a handler that does not return.
const DELIVERY_DEADLINE: Duration = Duration::from_secs(1);
/// How long the slot's next holder waits for it: a slow handler must not delay another execution.
const HANDOVER_DEADLINE: Duration = Duration::from_millis(100);
/// How long a result waits for a disk that does not respond.
const LOG_DEADLINE: Duration = Duration::from_secs(5);

/// Writes the log's footer and records in the result where all files are. Returns warnings about the log.
pub(crate) async fn close_log(log: ExecutionLog, result: &mut ExecutionResult) -> Option<String> {
    let footer = LogFooter::from(&*result);
    let Ok(finished) = timeout(LOG_DEADLINE, log.finish(footer)).await else {
        result.log_error = Some(format!("the disk did not take the log's end within {LOG_DEADLINE:?}"));
        return result.log_error.clone();
    };
    result.log_path = finished.path;
    result.log_error = finished.error;
    result.output_files = finished.output_files;
    finished.warning
}

/// Publishes the result: to the registry, then as the terminal event, then to waiting callers.
///
/// The slot is freed before the end can be observed; its next holder waits for the terminal event.
pub(crate) async fn publish(
    execution: &Execution,
    registry: &Registry,
    result: ExecutionResult,
    mut delivery: Delivery,
    permit: Option<Permit>,
) {
    let result = Arc::new(result);
    if execution.set_result(&result) {
        tracing::debug!(status = result.status.as_str(), exit_code = result.exit_code, "ended");
        registry.finished(execution.id);
        let handover = permit.map(Permit::hand_over);
        delivery.event(terminal_event(&result));
        let _ = timeout(HANDOVER_DEADLINE, delivery.begin_last()).await;
        drop(handover);
        // A stuck handler delays its own events, not the callers that wait for the result.
        let _ = timeout(DELIVERY_DEADLINE, delivery.finish()).await;
    }
    execution.release_waiters();
    delivery.finish().await;
}

/// Publishes the result of a task that panicked.
pub(crate) async fn after_panic(EndGuard { execution, registry, handler }: &EndGuard, message: &str) {
    tracing::error!(id = %execution.id, panic = message, "an execution's task panicked");
    let message = format!("`{}` was stopped by a bug in the engine: {message}", execution.command);
    let error = ExecutionFailure::new(FailureCode::Internal, message);
    let result = execution.unstarted_result(ExecutionStatus::Failed, Some(error));
    let delivery = Delivery::new(execution.id, handler.clone(), false);
    publish(execution, registry, result, delivery, None).await;
}
