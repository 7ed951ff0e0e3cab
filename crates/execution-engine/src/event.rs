//! [`ExecutionEvent`]: what is told while an execution runs, and [`EventHandler`], who is told.

use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

pub use execution_log::OutputStream;

use crate::result::ExecutionResult;

/// One thing that happened to one execution.
///
/// Always in this order: `Queued`? → `Started` → (`Stdout` · `Stderr` · `OutputTruncated` ·
/// `Warning`)* → exactly one terminal event. Nothing follows the terminal event. An execution that
/// could not be started has no `Started`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ExecutionEvent {
    /// The execution.
    pub execution_id: Uuid,
    /// When it happened; for output, when it was read.
    pub timestamp: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// It waits for a place.
    Queued,
    /// Its process runs.
    Started {
        /// The process id.
        pid: u32,
        /// The command as one would type it, secrets masked.
        command: String,
    },
    /// A line of standard output, without its end.
    Stdout {
        /// The text.
        line: String,
        /// Whether the line goes on in the next event (lines over 1 MiB come in parts).
        partial: bool,
    },
    /// A line of standard error, without its end.
    Stderr {
        /// The text.
        line: String,
        /// Whether the line goes on in the next event.
        partial: bool,
    },
    /// From here on memory does not keep everything of this stream.
    OutputTruncated {
        /// The stream.
        stream: OutputStream,
        /// The limit that was reached.
        limit_bytes: u64,
    },
    /// Something the user should know; the execution goes on.
    Warning {
        /// What.
        message: String,
    },
    /// Ended with exit code 0.
    Completed {
        /// The result.
        result: Arc<ExecutionResult>,
    },
    /// Ended in any other way that nobody asked for.
    Failed {
        /// The result.
        result: Arc<ExecutionResult>,
    },
    /// Stopped by `cancel` or by a shutdown.
    Cancelled {
        /// The result.
        result: Arc<ExecutionResult>,
    },
    /// Stopped because its timeout passed.
    Timeout {
        /// The result.
        result: Arc<ExecutionResult>,
    },
}

impl EventKind {
    /// The stable name, e.g. `output_truncated`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started { .. } => "started",
            Self::Stdout { .. } => "stdout",
            Self::Stderr { .. } => "stderr",
            Self::OutputTruncated { .. } => "output_truncated",
            Self::Warning { .. } => "warning",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Timeout { .. } => "timeout",
        }
    }

    /// Whether this is the last event of its execution.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.result().is_some()
    }

    /// The result a terminal event carries.
    #[must_use]
    pub fn result(&self) -> Option<&Arc<ExecutionResult>> {
        match self {
            Self::Completed { result }
            | Self::Failed { result }
            | Self::Cancelled { result }
            | Self::Timeout { result } => Some(result),
            _ => None,
        }
    }
}

/// Consecutive lines of one execution, gathered while the handler was busy.
///
/// One text for many lines: what crosses a border (threads, processes, languages) costs by the
/// crossing, not by the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineBatch {
    /// The execution.
    pub execution_id: Uuid,
    /// Every line followed by `\n`, in arrival order.
    pub text: String,
    /// Which stretches of `text` belong to which stream, in order; their lengths add up to `text`.
    pub runs: Vec<LineRun>,
}

/// A stretch of a [`LineBatch`]: lines of one stream, read at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineRun {
    /// The stream.
    pub stream: OutputStream,
    /// Whether this is one part of a line that goes on in the stream's next run.
    pub partial: bool,
    /// Length in bytes, line ends included.
    pub len: usize,
    /// Number of lines.
    pub lines: usize,
    /// When the last bytes of it were read.
    pub timestamp: DateTime<Utc>,
}

impl LineBatch {
    /// The lines as events, in order.
    pub fn events(&self) -> impl Iterator<Item = ExecutionEvent> + '_ {
        let mut rest = self.text.as_str();
        self.runs.iter().flat_map(move |run| {
            let (text, after) = rest.split_at(run.len);
            rest = after;
            text.split_terminator('\n').map(move |line| {
                let (line, partial) = (line.to_owned(), run.partial);
                let kind = match run.stream {
                    OutputStream::Stdout => EventKind::Stdout { line, partial },
                    OutputStream::Stderr => EventKind::Stderr { line, partial },
                };
                ExecutionEvent { execution_id: self.execution_id, timestamp: run.timestamp, kind }
            })
        })
    }
}

/// What an [`EventHandler`] returns: done when the event was dealt with.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Gets the events of an engine, or of one execution.
///
/// Events of one execution come one at a time, in order: the next is given when the future of the
/// last is done. Meanwhile lines gather, to a bound; then the engine stops reading and the child
/// waits (back-pressure). A slow handler never grows memory, never delays another execution, and
/// never delays a timeout or a cancel. (Handlers that share something wait for each other there, of course.)
///
/// Any `Fn(ExecutionEvent) + Send + Sync` is a handler:
///
/// ```
/// use execution_engine::{EventHandler, ExecutionEvent};
///
/// fn handler() -> impl EventHandler {
///     |event: ExecutionEvent| println!("{event:?}")
/// }
/// ```
pub trait EventHandler: Send + Sync + 'static {
    /// Deals with one event. Must not block the thread.
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_>;

    /// Whether this handler wants lines now. Asked at every read; while it does not, nothing is cut,
    /// decoded or gathered for it.
    fn wants_lines(&self) -> bool {
        true
    }

    /// Sets room aside for output of this execution that is about to be read, up to 128 KiB of it, if there is room now;
    /// true as well where that is not this handler's way, which it is by default. What was set aside is for the next call
    /// of this handler for the execution, whichever it is: of [`try_handle_lines`](Self::try_handle_lines), as a rule.
    ///
    /// For handlers that share a bounded way (a border, a socket): where many children write at once, their output waits
    /// in their pipes and not, read but not handed over, in memory. Not asked while an earlier call is under way, nor for
    /// what a child has left when it has ended and there was no room for 200 ms. Must not block the thread.
    fn try_reserve(&self, _execution_id: Uuid) -> bool {
        true
    }

    /// Resolves when room was set aside, after [`try_reserve`](Self::try_reserve) found none. Dropped before, it has set
    /// nothing aside. (tokio's `mpsc::Sender` has the same two.)
    fn reserve(&self, _execution_id: Uuid) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    /// Takes what a read brought at once, where that needs no waiting: no future, no allocation. It may take the text
    /// out of the batch, or leave another in its place, whose memory is used for what comes next. There may be no line
    /// in it. Must not block the thread. False, which it is by default: the batch is as it was, and
    /// [`handle_lines`](Self::handle_lines) gets it.
    fn try_handle_lines(&self, _batch: &mut LineBatch) -> bool {
        false
    }

    /// Deals with a batch of lines; by default line by line through [`handle`](Self::handle).
    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async move {
            for event in batch.events() {
                self.handle(event).await;
            }
        })
    }
}

impl<F: Fn(ExecutionEvent) + Send + Sync + 'static> EventHandler for F {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self(event);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_its_lines_back_one_event_each() {
        let timestamp = Utc::now();
        let run = |stream, len, lines| LineRun { stream, partial: false, len, lines, timestamp };
        let batch = LineBatch {
            execution_id: Uuid::now_v7(),
            text: "a\n\nb\nc\n".into(),
            runs: vec![run(OutputStream::Stdout, 3, 2), run(OutputStream::Stderr, 4, 2)],
        };
        let seen: Vec<String> = batch
            .events()
            .map(|event| match event.kind {
                EventKind::Stdout { line, .. } => format!("o:{line}"),
                EventKind::Stderr { line, .. } => format!("e:{line}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, ["o:a", "o:", "e:b", "e:c"]);
    }
}
