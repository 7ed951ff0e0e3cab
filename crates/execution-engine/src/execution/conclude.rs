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
use crate::log::{ExecutionLog, FinishedLog, StoredFile};
use crate::registry::{Execution, Registry};
use crate::result::{ExecutionResult, ExecutionStatus, OutputFiles};

/// How long a waiting caller waits for a handler that does not return.
const DELIVERY_DEADLINE: Duration = Duration::from_secs(1);
/// How long the slot's next holder waits for it: a slow handler must not delay another execution.
const HANDOVER_DEADLINE: Duration = Duration::from_millis(100);
/// How long a result waits for a disk that does not respond.
const LOG_DEADLINE: Duration = Duration::from_secs(5);

/// Writes the log's footer and records in the result where all files are.
pub(crate) async fn close_log(log: ExecutionLog, result: &mut ExecutionResult) -> FinishedLog {
    let begun = log.path();
    let finished = timeout(LOG_DEADLINE, log.finish(LogFooter::from(&*result))).await;
    let finished = finished.unwrap_or_else(|_| {
        let error = format!("the disk did not take the log's end within {LOG_DEADLINE:?}");
        let path = begun.and_then(|log| log.path());
        FinishedLog {
            log: path.map(|path| StoredFile { path, is_whole: false }),
            warnings: vec![error.clone()],
            error: Some(error),
            ..FinishedLog::default()
        }
    });
    let path = |file: &Option<StoredFile>| file.as_ref().map(|file| file.path.clone());
    result.log_path = path(&finished.log);
    result.log_error.clone_from(&finished.error);
    result.output_files =
        OutputFiles { stdout: path(&finished.streams.stdout), stderr: path(&finished.streams.stderr) };
    result.output_files_incomplete = finished.streams.iter().flatten().any(|file| !file.is_whole);
    finished
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
    let result = ExecutionResult {
        log_path: execution.summary().log_path,
        ..execution.unstarted_result(ExecutionStatus::Failed, Some(error))
    };
    let delivery = Delivery::new(execution.id, handler.clone(), false);
    publish(execution, registry, result, delivery, None).await;
}
