//! What all handles of an engine share, and how a request becomes a task.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::Utc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::cleanup::run_cleanup;
use crate::admission::{AdmissionQueue, QueueFull};
use crate::config::ExecutionConfig;
use crate::error::{EngineError, InvalidField};
use crate::event::EventHandler;
use crate::execution::{OutputLimit, StdinSource, Task};
use crate::host_loop::{self, HostLoop, Reactor};
use crate::limits::OversizedOutputStrategy;
use crate::log::LogService;
use crate::output::Secrets;
use crate::registry::{Accepted, Execution, Registry, Retention};
use crate::request::{Command, ExecutionMetadata, ExecutionRequest, Stdin};

/// Writes of standard input that wait for their turn.
const STDIN_MESSAGES: usize = 1;

pub(crate) struct Inner {
    pub(super) config: ExecutionConfig,
    pub(super) registry: Arc<Registry>,
    pub(super) queue: Arc<AdmissionQueue>,
    pub(super) logs: LogService,
    handler: Option<Arc<dyn EventHandler>>,
    runtime: Handle,
    /// Where a host's event loop reads, too.
    reactor: Option<Arc<Reactor>>,
    secrets: Secrets,
    cleanup: OnceLock<AbortHandle>,
}

/// How an accepted execution begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    Start,
    /// It was given up before it was accepted.
    Cancelled,
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

    /// Accepts a request, or says why not. Touches neither the disk nor the process table.
    pub(super) fn accept(
        self: &Arc<Self>,
        mut request: ExecutionRequest,
        handler: Option<Arc<dyn EventHandler>>,
        beginning: Beginning,
    ) -> Result<Arc<Execution>, EngineError> {
        let secrets = self.secrets_for(&request);
        request.validate(&self.config).map_err(|refused| masked(refused, &secrets))?;
        let (stdin, stdin_sender) = match std::mem::take(&mut request.stdin) {
            Stdin::Null => (StdinSource::Null, None),
            Stdin::Bytes(bytes) => (StdinSource::Bytes(bytes), None),
            Stdin::Pipe => {
                let (sender, messages) = mpsc::channel(STDIN_MESSAGES);
                (StdinSource::Messages(messages), Some(sender))
            }
        };
        let execution = Arc::new(Execution::new(Accepted {
            id: request.id.unwrap_or_else(Uuid::now_v7),
            command: shown(&request.command, &secrets),
            command_type: request.command.kind().into(),
            created_at: Utc::now(),
            metadata: masked_metadata(&request.metadata, &secrets),
            stdin: stdin_sender,
        }));
        // The ticket first: what is in the registry always gets a result.
        let ticket =
            self.queue.enter().map_err(|QueueFull { waiting }| EngineError::QueueFull { waiting })?;
        self.registry.insert(&execution)?;
        let strategy = request.oversized_output.unwrap_or(self.config.oversized_output);
        let spills = strategy == OversizedOutputStrategy::StreamToFile;
        let task = Task {
            stop: execution.stop_requests(),
            registry: Arc::clone(&self.registry),
            limit: OutputLimit {
                bytes: request.max_output_size_bytes.unwrap_or(self.config.max_output_size_bytes),
                strategy,
                retain: self.config.retain_output,
            },
            timeout_ms: request.timeout_ms.unwrap_or(self.config.default_timeout_ms),
            kill_grace: Duration::from_millis(request.kill_grace_ms.unwrap_or(self.config.kill_grace_ms)),
            stream_output: self.config.stream_output,
            handler: handler.or_else(|| self.handler.clone()),
            reactor: self.reactor.clone(),
            log: self.logs.open(execution.id, spills),
            request: Arc::new(request),
            execution: Arc::clone(&execution),
            secrets,
            stdin,
        };
        if beginning == Beginning::Cancelled {
            task.execution.cancel();
        }
        host_loop::spawn(&self.runtime, self.reactor.as_ref(), task.run(ticket));
        self.start_cleanup_task();
        Ok(execution)
    }

    /// Most requests bring none of their own: then the engine's are shared, not built anew.
    fn secrets_for(&self, request: &ExecutionRequest) -> Secrets {
        if request.secrets.is_empty() {
            return self.secrets.clone();
        }
        Secrets::new(self.config.secrets.iter().chain(&request.secrets).map(String::as_str))
    }

    pub(super) fn start_cleanup_task(self: &Arc<Self>) {
        self.cleanup.get_or_init(|| {
            let engine = Arc::downgrade(self);
            self.runtime.spawn(run_cleanup(engine)).abort_handle()
        });
    }

    pub(crate) fn cleanup_interval(&self) -> Duration {
        Duration::from_secs(self.config.cleanup_interval_secs)
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(cleanup) = self.cleanup.get() {
            cleanup.abort();
        }
    }
}

/// The command as one would type it. Masked word by word, because quoting would hide a secret from the
/// search, and once more as a whole.
fn shown(command: &Command, secrets: &Secrets) -> String {
    if secrets.is_empty() {
        return command.display();
    }
    let mask = |text: &String| secrets.mask(text).into_owned();
    let all = |texts: &[String]| texts.iter().map(mask).collect();
    let masked = match command {
        Command::Exec { program, args } => Command::Exec { program: mask(program), args: all(args) },
        Command::Shell { command, shell } => {
            Command::Shell { command: mask(command), shell: shell.as_ref().map(mask) }
        }
        Command::Script { path, interpreter, args } => Command::Script {
            path: secrets.mask(&path.to_string_lossy()).into_owned().into(),
            interpreter: interpreter.as_ref().map(mask),
            args: all(args),
        },
        Command::AwsCli { service, operation, args, profile, region } => Command::AwsCli {
            service: mask(service),
            operation: mask(operation),
            args: all(args),
            profile: profile.as_ref().map(mask),
            region: region.as_ref().map(mask),
        },
    };
    mask(&masked.display())
}

/// What the caller wants to find again may quote a command, and a secret in it.
fn masked_metadata(metadata: &ExecutionMetadata, secrets: &Secrets) -> ExecutionMetadata {
    if secrets.is_empty() {
        return metadata.clone();
    }
    let mask = |text: &String| secrets.mask(text).into_owned();
    ExecutionMetadata {
        source: metadata.source.as_ref().map(mask),
        conversation_id: metadata.conversation_id.as_ref().map(mask),
        tags: metadata.tags.iter().map(|(name, value)| (mask(name), mask(value))).collect(),
    }
}

/// A refused value may be a secret, or hold one.
fn masked(refused: InvalidField, secrets: &Secrets) -> EngineError {
    let mask = |text: &str| secrets.mask(text).into_owned();
    // Where a value was shortened, a secret may have been cut, and is no longer found.
    let is_cut = !secrets.is_empty() && refused.value.ends_with('…');
    let value = if is_cut { "too long to be shown".to_owned() } else { mask(&refused.value) };
    EngineError::InvalidRequest(InvalidField { field: mask(&refused.field), value, ..refused })
}
