//! What an [`ExecutionEngine`] does, in the order in which callers need it.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::accept::Call;
use super::builder::EngineBuilder;
use super::cleanup::CleanupReport;
use super::execution_engine::ExecutionEngine;
use super::handle::{ExecutionHandle, LineSender};
use crate::config::ExecutionConfig;
use crate::error::{EngineError, InvalidField};
use crate::event::EventHandler;
use crate::process::release_guard_if_idle;
use crate::registry::{Registry, StdinMessage, StopRequest};
use crate::request::ExecutionRequest;
use crate::result::{ExecutionResult, ExecutionStatus, ExecutionSummary};
use crate::setters::setters;

/// The longest that [`ExecutionEngine::abort_now`] waits.
const ABORT_TIMEOUT: Duration = Duration::from_secs(2);

/// Which executions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ExecutionFilter {
    /// Only those with this status.
    pub status: Option<ExecutionStatus>,
}

/// Chainable setters.
impl ExecutionFilter {
    setters! { status: Option<ExecutionStatus> }
}

/// How busy an engine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EngineMetrics {
    /// Waiting for a slot, or being spawned.
    pub pending: usize,
    /// With a process.
    pub running: usize,
    /// Finished and retained.
    pub finished: usize,
    /// Where logs go; `None` when no log was written yet or the folder cannot be used.
    pub log_dir: Option<PathBuf>,
}

impl ExecutionEngine {
    /// Makes an engine without an event handler. Shorthand for
    /// [`builder`](Self::builder)`(config).`[`build`](EngineBuilder::build)`()`.
    ///
    /// # Errors
    /// As for [`EngineBuilder::build`].
    pub fn new(config: ExecutionConfig) -> Result<Self, EngineError> {
        Self::builder(config).build()
    }

    /// Starts building an engine with these limits.
    pub fn builder(config: ExecutionConfig) -> EngineBuilder {
        EngineBuilder::new(config)
    }

    /// Accepts a request and returns a handle, which cancels the execution when it is dropped.
    ///
    /// Its lines arrive through the handle; the engine's event handler receives nothing of it. Otherwise like
    /// [`execute`](Self::execute).
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn run(&self, request: ExecutionRequest) -> Result<ExecutionHandle, EngineError> {
        let (sender, reader) = LineSender::new();
        let execution = self.inner.accept(request, Some(sender), Call::default())?;
        Ok(ExecutionHandle::new(execution, reader, self.inner.runtime.clone()))
    }

    /// Accepts a request and returns the execution's id; it may still have to wait for a slot.
    ///
    /// Never blocks: the program is looked up and spawned on another thread. A program that cannot be spawned
    /// is a [result](ExecutionResult::error) like any other. Environment and working folder are those of this
    /// moment, however long the execution waits.
    ///
    /// # Errors
    /// [`EngineError::InvalidRequest`], [`EngineError::DuplicateId`], [`EngineError::QueueFull`] or
    /// [`EngineError::ShutDown`]. Nothing was run in any of these cases.
    pub fn execute(&self, request: ExecutionRequest) -> Result<Uuid, EngineError> {
        Ok(self.inner.accept(request, None, Call::default())?.id)
    }

    /// Like [`execute`](Self::execute), with a handler for this execution's events only.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn execute_with(
        &self,
        request: ExecutionRequest,
        handler: Arc<dyn EventHandler>,
    ) -> Result<Uuid, EngineError> {
        Ok(self.inner.accept(request, Some(handler), Call::default())?.id)
    }

    #[doc(hidden)] // For bindings.
    /// Like [`execute_with`](Self::execute_with), with more about the call.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn execute_call(
        &self,
        request: ExecutionRequest,
        handler: Arc<dyn EventHandler>,
        call: Call,
    ) -> Result<Uuid, EngineError> {
        Ok(self.inner.accept(request, Some(handler), call)?.id)
    }

    /// Resolves when the execution has ended, whatever its status, and its terminal event was delivered. (A
    /// handler that does not return delays this by at most a second.)
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id. A call that waits always gets the result, even if
    /// retention drops the execution meanwhile.
    pub async fn wait_for_completion(&self, id: Uuid) -> Result<Arc<ExecutionResult>, EngineError> {
        let execution = self.inner.registry.get(id)?;
        Ok(execution.completed().await)
    }

    /// Where an execution is in its life.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id.
    pub fn get_status(&self, id: Uuid) -> Result<ExecutionStatus, EngineError> {
        Ok(self.inner.registry.get(id)?.status())
    }

    /// The result; `None` while the execution is live.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id.
    pub fn get_result(&self, id: Uuid) -> Result<Option<Arc<ExecutionResult>>, EngineError> {
        Ok(self.inner.registry.get(id)?.result())
    }

    /// One row of [`list_executions`](Self::list_executions).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id.
    pub fn get_summary(&self, id: Uuid) -> Result<ExecutionSummary, EngineError> {
        Ok(self.inner.registry.get(id)?.summary())
    }

    /// The executions that are live or retained, in order of acceptance.
    #[must_use]
    pub fn list_executions(&self, filter: ExecutionFilter) -> Vec<ExecutionSummary> {
        let mut listed: Vec<_> = self
            .inner
            .registry
            .all()
            .iter()
            .filter(|execution| filter.status.is_none_or(|status| execution.status() == status))
            .map(|execution| execution.summary())
            .collect();
        listed.sort_by_key(|summary| (summary.created_at, summary.id));
        listed
    }

    /// Stops an execution: SIGTERM to the whole tree, the grace period, then SIGKILL. One that waits for its
    /// slot is never spawned. A second call during the grace period kills.
    ///
    /// Returns immediately: true if the execution was still live.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id.
    pub fn cancel(&self, id: Uuid) -> Result<bool, EngineError> {
        Ok(self.inner.registry.get(id)?.cancel())
    }

    /// Stops an execution with SIGKILL immediately: no graceful signal, no grace period.
    ///
    /// Returns immediately: true if the execution was still live.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id.
    pub fn kill(&self, id: Uuid) -> Result<bool, EngineError> {
        Ok(self.inner.registry.get(id)?.stop_at_least(StopRequest::Force))
    }

    /// Writes to the standard input of an execution whose request has [`Stdin::Pipe`].
    ///
    /// Resolves when the child's pipe has taken everything: a caller that awaits it writes no faster than the
    /// child reads. Bytes that a child no longer reads are dropped.
    ///
    /// [`Stdin::Pipe`]: crate::Stdin::Pipe
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id, [`EngineError::InvalidRequest`] when the standard input
    /// is not a pipe.
    pub async fn write_stdin(&self, id: Uuid, bytes: Vec<u8>) -> Result<(), EngineError> {
        let (written, is_written) = oneshot::channel();
        self.send_stdin(id, StdinMessage::Write(bytes, written)).await?;
        // The execution may end first, and its receiver with it.
        let _ = is_written.await;
        Ok(())
    }

    /// Closes the standard input: the child reads end of file.
    ///
    /// # Errors
    /// As for [`write_stdin`](Self::write_stdin).
    pub async fn close_stdin(&self, id: Uuid) -> Result<(), EngineError> {
        self.send_stdin(id, StdinMessage::Close).await
    }

    async fn send_stdin(&self, id: Uuid, message: StdinMessage) -> Result<(), EngineError> {
        let execution = self.inner.registry.get(id)?;
        let stdin = execution.stdin().ok_or_else(|| {
            EngineError::InvalidRequest(InvalidField::new(
                "stdin",
                "null",
                "only a request with `pipe` can be written to",
            ))
        })?;
        // An error means that the execution has ended.
        let _ = stdin.send(message).await;
        Ok(())
    }

    /// Does immediately what the cleanup task does at every interval: drops finished executions beyond their
    /// retention from memory and deletes logs beyond theirs.
    pub async fn cleanup_old_executions(&self) -> CleanupReport {
        self.inner.clean_up().await
    }

    /// Starts the cleanup task. The first execution starts it too; further calls do nothing.
    pub fn start_cleanup_task(&self) {
        self.inner.start_cleanup_task();
    }

    /// Accepts no new work, stops what runs (gracefully, then by force), and resolves when every execution
    /// has ended, its log is complete and its terminal event was delivered.
    pub async fn shutdown(&self) {
        self.inner.registry.close();
        let live = self.inner.registry.all();
        for execution in &live {
            execution.stop_at_least(StopRequest::Graceful);
        }
        for execution in live {
            execution.completed().await;
        }
        self.inner.logs.idle().await;
        // Ends the guard too: a host that has shut its engines down has no child left.
        release_guard_if_idle();
    }

    /// For the moment before the host exits, when nothing can be awaited: accepts no new work, kills what
    /// runs, and blocks this thread until it is gone, for at most two seconds.
    ///
    /// Must not be called on the runtime's only thread.
    pub fn abort_now(&self) {
        abort(&self.inner.registry);
    }

    /// A handle for the host's teardown. It aborts this engine's executions, even when every engine handle is
    /// gone, and keeps nothing alive.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(Arc::downgrade(&self.inner.registry))
    }

    /// How busy the engine is.
    #[must_use]
    pub fn metrics(&self) -> EngineMetrics {
        let all = self.inner.registry.all();
        let count = |status| all.iter().filter(|execution| execution.status() == status).count();
        EngineMetrics {
            pending: count(ExecutionStatus::Pending),
            running: count(ExecutionStatus::Running),
            finished: self.inner.registry.finished_count(),
            log_dir: self.inner.logs.folder(),
        }
    }
}

/// Aborts an engine's executions; see [`ExecutionEngine::abort_handle`].
#[derive(Debug, Clone)]
pub struct AbortHandle(Weak<Registry>);

impl AbortHandle {
    /// Like [`ExecutionEngine::abort_now`]; does nothing when nothing of the engine is left.
    pub fn abort_now(&self) {
        if let Some(registry) = self.0.upgrade() {
            abort(&registry);
        }
    }
}

fn abort(registry: &Registry) {
    let deadline = Instant::now() + ABORT_TIMEOUT;
    registry.close();
    for execution in registry.all() {
        execution.stop_at_least(StopRequest::Force);
    }
    while registry.live_count() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}
