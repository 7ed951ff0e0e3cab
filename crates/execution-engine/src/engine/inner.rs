//! The state that all handles of an engine share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use execution_log::LogLocation;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::admission::AdmissionQueue;
use crate::config::ExecutionConfig;
use crate::error::{EngineError, InvalidField};
use crate::event::EventHandler;
use crate::host_context::{HostContext, HostEnvironment};
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
    /// What children inherit unless the call brings its own. `None`: the process's, as it is at the call.
    pub(super) environment: Option<HostEnvironment>,
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
        environment: Option<HostEnvironment>,
    ) -> Result<Self, EngineError> {
        config.validate()?;
        let runtime = Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
        let location = log_location(&config, environment.as_ref())?;
        let reactor = host_loop.map(|host_loop| host_loop.join(&runtime));
        Ok(Self {
            registry: Arc::new(Registry::new(Retention {
                max_age: Duration::from_secs(config.execution_retention_secs),
                max_count: config.max_retained_executions,
            })),
            queue: AdmissionQueue::new(config.max_concurrent_executions, config.max_queued_executions),
            logs: LogService::new(&config, location),
            handler,
            environment,
            runtime,
            reactor,
            secrets: Secrets::new(config.secrets.iter().map(String::as_str)),
            cleanup: OnceLock::new(),
            config,
        })
    }
}

/// Where logs go. Resolved once, so that the host may change its working folder afterwards.
fn log_location(
    config: &ExecutionConfig,
    environment: Option<&HostEnvironment>,
) -> Result<LogLocation, EngineError> {
    let host = HostContext::new(environment.cloned().unwrap_or_else(HostEnvironment::of_process));
    let Some(dir) = &config.log_dir else {
        return Ok(LogLocation::default_in(&host.temp_dir(), host.user_name()));
    };
    let shown = || format!("\"{}\"", dir.display());
    let refused =
        || InvalidField::new("log_dir", shown(), "an absolute path: the working folder was deleted");
    host.absolute(dir).map(LogLocation::Configured).ok_or_else(|| EngineError::InvalidConfig(refused()))
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(cleanup) = self.cleanup.get() {
            cleanup.abort();
        }
    }
}
