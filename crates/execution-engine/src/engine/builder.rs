//! [`EngineBuilder`]: an engine's parts, before it runs anything.

use std::sync::Arc;

use super::execution_engine::ExecutionEngine;
use super::inner::Inner;
use crate::config::ExecutionConfig;
use crate::error::EngineError;
use crate::event::EventHandler;
use crate::host_loop::HostLoop;

/// Makes an [`ExecutionEngine`]; see [`ExecutionEngine::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), execution_engine::EngineError> {
/// use std::sync::Arc;
/// use execution_engine::{ExecutionConfig, ExecutionEngine, ExecutionEvent};
///
/// let engine = ExecutionEngine::builder(ExecutionConfig::default().max_concurrent_executions(4))
///     .event_handler(Arc::new(|event: ExecutionEvent| println!("{event:?}")))
///     .build()?;
/// # drop(engine);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is made before `build`"]
pub struct EngineBuilder {
    config: ExecutionConfig,
    handler: Option<Arc<dyn EventHandler>>,
    host_loop: Option<HostLoop>,
}

impl EngineBuilder {
    pub(super) fn new(config: ExecutionConfig) -> Self {
        Self { config, handler: None, host_loop: None }
    }

    /// Sends every execution's events to `handler`, unless the call brings its own. Default: no handler.
    pub fn event_handler(mut self, handler: Arc<dyn EventHandler>) -> Self {
        self.handler = Some(handler);
        self
    }

    /// Lets a host's event loop read output for handlers that want lines. Default: the runtime reads
    /// everything.
    #[cfg(all(feature = "host-loop", target_os = "linux"))]
    pub fn host_loop(mut self, host_loop: &HostLoop) -> Self {
        self.host_loop = Some(host_loop.clone());
        self
    }

    /// Makes the engine. Nothing is spawned and no file is touched until the first execution.
    ///
    /// # Errors
    /// [`EngineError::InvalidConfig`] for a value out of range, [`EngineError::NoRuntime`] outside a
    /// tokio runtime.
    pub fn build(self) -> Result<ExecutionEngine, EngineError> {
        let inner = Inner::new(self.config, self.handler, self.host_loop.as_ref())?;
        Ok(ExecutionEngine { inner: Arc::new(inner) })
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
