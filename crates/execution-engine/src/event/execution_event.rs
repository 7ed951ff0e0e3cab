//! [`ExecutionEvent`]: what happens to an execution, as its subscribers see it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use execution_log::OutputStream;
use serde::Serialize;
use uuid::Uuid;

use crate::result::ExecutionResult;

/// One thing that happened to one execution.
///
/// The order is always `Queued`? → `Started` → (`Stdout` · `Stderr` · `OutputTruncated` · `Warning`)* →
/// exactly one terminal event, and nothing after it. An execution that could not be spawned has no `Started`.
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
    /// Waits for a slot.
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
        /// Whether the line continues in the next event (lines over 1 MiB arrive in parts).
        partial: bool,
    },
    /// A line of standard error, without its end.
    Stderr {
        /// The text.
        line: String,
        /// Whether the line continues in the next event.
        partial: bool,
    },
    /// From here on, memory no longer keeps everything of this stream.
    OutputTruncated {
        /// The stream.
        stream: OutputStream,
        /// The limit that was reached.
        limit_bytes: u64,
    },
    /// Something the user should know; the execution goes on.
    Warning {
        /// The message.
        message: String,
    },
    /// Ended with exit code 0.
    Completed {
        /// The result.
        result: Arc<ExecutionResult>,
    },
    /// Ended in any other way that was not requested.
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
