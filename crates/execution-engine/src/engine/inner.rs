//! The state that all handles of an engine share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::admission::AdmissionQueue;
use crate::config::ExecutionConfig;
use crate::error::EngineError;
use crate::event::EventHandler;
use crate::host_loop::{HostLoop, Reactor};
use crate::log::LogService;
use crate::output::Secrets;
use crate::registry::{Registry, Retention};

pub(crate) struct Inner {
    pub(super) config: ExecutionConfig,
    pub(super) registry: Arc<Registry>,
    pub(super) queue: Arc<AdmissionQueue>,
    pub(super) logs: LogService,
    pub(super) handler: Option<Arc<dyn EventHandler>>,
    pub(super) runtime: Handle,
    /// The host's event loop, if it takes part in reading.
    pub(super) reactor: Option<Arc<Reactor>>,
    pub(super) secrets: Secrets,
    pub(super) cleanup: OnceLock<AbortHandle>,
}

impl Inner {
    pub(super) fn new(
        config: ExecutionConfig,
        handler: Option<Arc<dyn EventHandler>>,
        host_loop: Option<&HostLoop>,
    ) -> Result<Self, EngineError> {
        config.validate()?;
        let runtime = Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
        let reactor = host_loop.map(|host_loop| host_loop.join(&runtime));
        Ok(Self {
            registry: Arc::new(Registry::new(Retention {
                max_age: Duration::from_secs(config.execution_retention_secs),
                max_count: config.max_retained_executions,
            })),
            queue: AdmissionQueue::new(config.max_concurrent_executions, config.max_queued_executions),
            logs: LogService::new(&config),
            handler,
            runtime,
            reactor,
            secrets: Secrets::new(config.secrets.iter().map(String::as_str)),
            cleanup: OnceLock::new(),
            config,
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(cleanup) = self.cleanup.get() {
            cleanup.abort();
        }
    }
}
