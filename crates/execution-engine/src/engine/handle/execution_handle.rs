//! [`ExecutionHandle`], what [`ExecutionEngine::run`](crate::ExecutionEngine::run) returns, and its
//! [`Lines`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::cancel_on_drop::CancelOnDrop;
use super::line_reader::{LineReader, OutputLine};
use super::stdin_writer::StdinWriter;
use crate::registry::{Execution, StopRequest};
use crate::result::{ExecutionResult, ExecutionStatus};

/// One execution. **Dropping it cancels the execution**, unless that has ended or is
/// [detached](Self::detach): a server whose client hangs up leaves no command running.
///
/// Read its lines with [`lines`](Self::lines), or go straight to [`wait`](Self::wait). Until you call one of
/// the two, lines are held back: as with an unread pipe, the child stops after some 128 KiB. Timeout and
/// cancellation still work.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), execution_engine::EngineError> {
/// use execution_engine::{ExecutionConfig, ExecutionEngine, ExecutionRequest};
///
/// # let dir = tempfile::tempdir().expect("a temporary folder");
/// # let engine = ExecutionEngine::new(ExecutionConfig::default().log_dir(dir.path()))?;
/// # #[cfg(any())]
/// let engine = ExecutionEngine::new(ExecutionConfig::default())?;
/// let mut execution = engine.run(ExecutionRequest::shell("echo one; echo two"))?;
/// let mut lines = execution.lines();
/// while let Some(line) = lines.next().await {
///     println!("{}: {}", line.stream.as_str(), line.text);
/// }
/// assert_eq!(execution.wait().await.exit_code, Some(0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it cancels the execution; `detach` lets it run on"]
pub struct ExecutionHandle {
    guard: CancelOnDrop,
    reader: Option<LineReader>,
    is_stdin_taken: bool,
    runtime: Handle,
}

impl ExecutionHandle {
    pub(in crate::engine) fn new(execution: Arc<Execution>, reader: LineReader, runtime: Handle) -> Self {
        Self { guard: CancelOnDrop::new(execution), reader: Some(reader), is_stdin_taken: false, runtime }
    }

    /// The execution's id, for the engine's calls by id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.guard.execution().id
    }

    /// Where it is in its life.
    #[must_use]
    pub fn status(&self) -> ExecutionStatus {
        self.guard.execution().status()
    }

    /// Resolves when the execution has ended, whatever its status. Lines that were not requested by then are
    /// no longer held back. Cancel safe: it may be dropped and called again.
    pub async fn wait(&mut self) -> Arc<ExecutionResult> {
        self.reader = None;
        self.guard.execution().completed().await
    }

    /// Stops the execution gracefully; a second call skips the grace period. One that waits for a slot is
    /// never spawned. True if it was still live.
    #[expect(clippy::must_use_candidate, reason = "most callers only want it stopped")]
    pub fn cancel(&self) -> bool {
        self.guard.execution().cancel()
    }

    /// Kills the whole tree immediately, without a grace period. True if the execution was still live.
    #[expect(clippy::must_use_candidate, reason = "most callers only want it stopped")]
    pub fn kill(&self) -> bool {
        self.guard.execution().stop_at_least(StopRequest::Force)
    }

    /// The lines of both streams in arrival order: a [`Stream`](futures_core::Stream) that ends with the
    /// execution. Dropping it earlier cancels the execution too. Reading slowly slows the child down; nothing
    /// is lost and memory does not grow.
    ///
    /// The first call returns the lines. Later calls, and calls after [`wait`](Self::wait), return none.
    pub fn lines(&mut self) -> Lines {
        let reader = self.reader.take();
        // An empty stream must not cancel anything.
        let guard = reader.is_some().then(|| self.guard.clone());
        Lines { reader, _guard: guard, handle: None }
    }

    /// The writing end of its standard input, if the request has [`Stdin::Pipe`](crate::Stdin::Pipe). `None`
    /// otherwise, and on a second call.
    pub fn stdin(&mut self) -> Option<StdinWriter> {
        if std::mem::replace(&mut self.is_stdin_taken, true) {
            return None;
        }
        let messages = self.guard.execution().stdin()?;
        Some(StdinWriter::new(messages, self.runtime.clone()))
    }

    /// Turns the handle into its [`lines`](Self::lines), which then hold the execution alone, for example as
    /// the body of a streamed response.
    #[must_use = "dropping it cancels the execution"]
    pub fn into_lines(mut self) -> Lines {
        Lines { reader: self.reader.take(), _guard: None, handle: Some(self) }
    }

    /// Lets the execution run on by itself, and returns its id. Lines that are still being read continue to
    /// their end, but dropping them no longer cancels.
    #[expect(clippy::must_use_candidate, reason = "the id may be known already")]
    pub fn detach(self) -> Uuid {
        self.guard.disarm();
        self.id()
    }
}

/// Lines of both streams, in arrival order, until the execution has ended.
///
/// Dropping it earlier cancels the execution, unless that was [detached](ExecutionHandle::detach).
#[derive(Debug)]
#[must_use = "dropping it cancels the execution"]
pub struct Lines {
    reader: Option<LineReader>,
    _guard: Option<CancelOnDrop>,
    /// Set if the handle itself was turned into this.
    handle: Option<ExecutionHandle>,
}

impl Lines {
    /// The next line; `None` when the execution has ended and every line was returned. Cancel safe.
    pub async fn next(&mut self) -> Option<OutputLine> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The handle, if [`into_lines`](ExecutionHandle::into_lines) took it, to await the result. From then on,
    /// dropping the handle cancels.
    #[must_use = "dropping it cancels the execution"]
    pub fn into_handle(mut self) -> Option<ExecutionHandle> {
        self.handle.take()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<OutputLine>> {
        self.reader.as_mut().map_or(Poll::Ready(None), |reader| reader.poll_next(cx))
    }
}

impl Stream for Lines {
    type Item = OutputLine;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<OutputLine>> {
        self.get_mut().poll(cx)
    }
}
