//! How a request becomes a task, or is refused.

use std::sync::Arc;

use chrono::Utc;
use uuid::Uuid;

use super::inner::Inner;
use crate::admission::QueueFull;
use crate::error::{EngineError, InvalidField};
use crate::event::EventHandler;
use crate::execution::{Settings, StdinSource, Task};
use crate::host_context::{HostContext, HostEnvironment};
use crate::host_loop;
use crate::output::Secrets;
use crate::registry::{Accepted, Execution};
use crate::request::{Command, ExecutionMetadata, ExecutionRequest};
use crate::result::Extras;

/// What the engine knows about a call besides its request.
#[doc(hidden)] // For bindings.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The environment that the caller has, if that is not the process's.
    pub environment: Option<HostEnvironment>,
    /// The caller's signal has fired already: nothing is spawned; events and result arrive as usual.
    pub is_cancelled: bool,
}

impl Inner {
    /// Accepts a request, or returns why not. Runs on the caller's thread; never touches the process table,
    /// and looks at the disk only for a request that brings its own id.
    pub(super) fn accept(
        self: &Arc<Self>,
        mut request: ExecutionRequest,
        handler: Option<Arc<dyn EventHandler>>,
        call: Call,
    ) -> Result<Arc<Execution>, EngineError> {
        let secrets = self.secrets_for(&request);
        request.validate(&self.config).map_err(|refused| masked(refused, &secrets))?;
        if let Some(id) = request.id {
            self.refuse_taken(id)?;
        }
        let (stdin, stdin_sender) = StdinSource::new(std::mem::take(&mut request.stdin));
        let execution = Arc::new(Execution::new(Accepted {
            id: request.id.unwrap_or_else(Uuid::now_v7),
            command: shown(&request.command, &secrets),
            command_type: request.command.kind().into(),
            created_at: Utc::now(),
            extras: Extras::from(&request),
            metadata: masked_metadata(&request.metadata, &secrets),
            stdin: stdin_sender,
        }));
        // The ticket first: once registered, an execution always gets a result.
        let ticket =
            self.queue.enter().map_err(|QueueFull { waiting }| EngineError::QueueFull { waiting })?;
        self.registry.insert(&execution)?;
        let settings = Settings::new(&request, &self.config);
        let task = Task {
            stop: execution.stop_requests(),
            registry: Arc::clone(&self.registry),
            handler: handler.or_else(|| self.handler.clone()),
            reactor: self.reactor.clone(),
            log: self.logs.open(execution.id, settings.spills()),
            settings,
            host: HostContext::new(self.environment_for(&request, call.environment)),
            request: Arc::new(request),
            execution: Arc::clone(&execution),
            secrets,
            stdin,
        };
        if call.is_cancelled {
            task.execution.cancel();
        }
        host_loop::spawn(&self.runtime, self.reactor.as_ref(), task.run(ticket));
        self.start_cleanup_task();
        Ok(execution)
    }

    /// Refuses an id whose files still exist, even if memory no longer holds its execution: one execution
    /// must not be mistaken for another. If two programs check at the same moment, both find nothing. The
    /// first to write then owns the log, and the other runs without one.
    fn refuse_taken(&self, id: Uuid) -> Result<(), EngineError> {
        if self.registry.get(id).is_ok() {
            return Err(EngineError::DuplicateId(id));
        }
        self.logs.file_in_the_way(id).map_or(Ok(()), |path| Err(EngineError::LogExists { id, path }))
    }

    fn environment_for(&self, request: &ExecutionRequest, own: Option<HostEnvironment>) -> HostEnvironment {
        if !request.inherits() {
            return HostEnvironment::default();
        }
        own.or_else(|| self.environment.clone()).unwrap_or_else(HostEnvironment::of_process)
    }

    /// Most requests bring no secrets of their own and share the engine's compiled set.
    fn secrets_for(&self, request: &ExecutionRequest) -> Secrets {
        if request.secrets.is_empty() {
            return self.secrets.clone();
        }
        Secrets::new(self.config.secrets.iter().chain(&request.secrets).map(String::as_str))
    }
}

/// The command as one would type it. Masked word by word, because quoting could hide a secret from the
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

/// Metadata may quote a command, and a secret in it.
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
    // Shortening may have cut through a secret, which the search then no longer finds.
    let is_cut = !secrets.is_empty() && refused.value.ends_with('…');
    let value = if is_cut { "too long to be shown".to_owned() } else { mask(&refused.value) };
    EngineError::InvalidRequest(InvalidField { field: mask(&refused.field), value, ..refused })
}
