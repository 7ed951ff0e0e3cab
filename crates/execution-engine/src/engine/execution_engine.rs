//! [`ExecutionEngine`]: the handle that callers hold.

use std::sync::Arc;

use super::inner::Inner;

/// Runs commands as supervised child processes.
///
/// A handle is cheap to clone; all clones are one engine. Dropping the last one stops nothing: running
/// executions run to their end. Call [`shutdown`](Self::shutdown) to stop.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), execution_engine::EngineError> {
/// use execution_engine::{ExecutionConfig, ExecutionEngine, ExecutionRequest, ExecutionStatus};
///
/// # let dir = tempfile::tempdir().expect("a temporary folder");
/// # let config = ExecutionConfig::default().log_dir(dir.path().to_path_buf());
/// # let engine = ExecutionEngine::new(config)?;
/// # #[cfg(any())]
/// let engine = ExecutionEngine::new(ExecutionConfig::default())?;
/// let id = engine.execute(ExecutionRequest::exec("echo", ["hello"]))?;
/// let result = engine.wait_for_completion(id).await?;
///
/// assert_eq!(result.status, ExecutionStatus::Completed);
/// assert_eq!(result.stdout, "hello\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ExecutionEngine {
    pub(super) inner: Arc<Inner>,
}

impl std::fmt::Debug for ExecutionEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutionEngine").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}
