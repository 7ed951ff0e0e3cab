//! [`EngineBuilder`]: an engine's parts, before it runs anything.

use std::ffi::OsString;
use std::sync::Arc;

use super::execution_engine::ExecutionEngine;
use super::inner::Inner;
use crate::config::ExecutionConfig;
use crate::error::EngineError;
use crate::event::EventHandler;
use crate::host_context::HostEnvironment;
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
    environment: Option<HostEnvironment>,
}

impl EngineBuilder {
    pub(super) fn new(config: ExecutionConfig) -> Self {
        Self { config, handler: None, host_loop: None, environment: None }
    }

    /// Sends every execution's events to `handler`, unless the call brings its own. Default: no handler.
    pub fn event_handler(mut self, handler: Arc<dyn EventHandler>) -> Self {
        self.handler = Some(handler);
        self
    }

    /// Sets the environment that children inherit. Default: the process's, read at each call on the caller's
    /// thread.
    ///
    /// For a program that changes its environment while other threads call the engine, or whose children
    /// should see less of it than the program itself.
    ///
    /// ```no_run
    /// # use execution_engine::{EngineError, ExecutionConfig, ExecutionEngine};
    /// # fn example() -> Result<(), EngineError> {
    /// let harmless = std::env::vars_os().filter(|(name, _)| name != "DATABASE_URL");
    /// let engine = ExecutionEngine::builder(ExecutionConfig::default()).environment(harmless).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn environment<N: Into<OsString>, V: Into<OsString>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.host_environment(HostEnvironment::new(variables))
    }

    #[doc(hidden)] // For bindings.
    /// Like [`environment`](Self::environment), for one that is shared.
    pub fn host_environment(mut self, environment: HostEnvironment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Lets a host's event loop read output for handlers that want lines. Default: the runtime reads
    /// everything.
    #[cfg(all(feature = "host-loop", target_os = "linux"))]
    pub fn host_loop(mut self, host_loop: &HostLoop) -> Self {
        self.host_loop = Some(host_loop.clone());
        self
    }

    /// Makes the engine. Nothing is spawned and no file is touched until the first execution. A relative
    /// [`log_dir`](ExecutionConfig#structfield.log_dir) is resolved against the current working folder.
    ///
    /// # Errors
    /// [`EngineError::InvalidConfig`] for a value out of range, [`EngineError::NoRuntime`] outside a
    /// tokio runtime.
    pub fn build(self) -> Result<ExecutionEngine, EngineError> {
        let inner = Inner::new(self.config, self.handler, self.host_loop.as_ref(), self.environment)?;
        Ok(ExecutionEngine { inner: Arc::new(inner) })
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
