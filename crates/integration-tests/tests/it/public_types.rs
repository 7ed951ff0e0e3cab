//! What a program may do with the public types: send them to other threads, and share them.

use execution_engine::{
    AbortHandle, CleanupReport, EngineBuilder, EngineError, EngineMetrics, EventHandler, ExecutionConfig,
    ExecutionEngine, ExecutionEvent, ExecutionHandle, ExecutionRequest, ExecutionResult, ExecutionSummary,
    LineBatch, Lines, LogPage, OutputLine, RecoveredExecution, StdinWriter,
};

fn is_send<T: Send>() {}
fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_cross_threads() {
    is_send_and_sync::<AbortHandle>();
    is_send_and_sync::<CleanupReport>();
    is_send_and_sync::<EngineBuilder>();
    is_send_and_sync::<EngineError>();
    is_send_and_sync::<EngineMetrics>();
    is_send_and_sync::<Box<dyn EventHandler>>();
    is_send_and_sync::<ExecutionConfig>();
    is_send_and_sync::<ExecutionEngine>();
    is_send_and_sync::<ExecutionEvent>();
    is_send_and_sync::<ExecutionHandle>();
    is_send_and_sync::<ExecutionRequest>();
    is_send_and_sync::<ExecutionResult>();
    is_send_and_sync::<ExecutionSummary>();
    is_send_and_sync::<LineBatch>();
    is_send_and_sync::<Lines>();
    is_send_and_sync::<LogPage>();
    is_send_and_sync::<OutputLine>();
    is_send_and_sync::<RecoveredExecution>();
    // Written to by one at a time, as `tokio::process::ChildStdin`.
    is_send::<StdinWriter>();
}

#[test]
fn futures_of_the_engine_run_on_any_worker() {
    fn sent<F: Future + Send>(_: impl Fn(ExecutionEngine, ExecutionHandle, Lines) -> F) {}
    sent(|engine, mut handle, mut lines| async move {
        engine.shutdown().await;
        lines.next().await;
        handle.wait().await;
    });
}
