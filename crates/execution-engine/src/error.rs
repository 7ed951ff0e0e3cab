//! What can go wrong, each with a stable code.
//!
//! Two tiers. [`EngineError`] is returned by a call that could not be accepted: nothing was run.
//! [`FailureCode`] says why an accepted execution did not end as `completed`; it sits in the
//! [result](crate::ExecutionResult::error), because an execution that was accepted always has a result.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

pub use execution_log::{ExecutionFailure, FailureCode};
use uuid::Uuid;

/// A field whose value was refused: its name, its value, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidField {
    /// The field's name as written in Rust, e.g. `max_timeout_ms`.
    pub field: String,
    /// The refused value, shortened and printable.
    pub value: String,
    /// What would have been accepted.
    pub allowed: String,
}

impl InvalidField {
    /// Names a refused field. The value is shortened to 200 characters and control characters are escaped.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        let text = value.to_string();
        let mut value = String::new();
        for c in text.chars().take(200) {
            if c.is_control() { value.extend(c.escape_default()) } else { value.push(c) }
        }
        if text.chars().nth(200).is_some() {
            value.push('…');
        }
        Self { field: field.into(), value, allowed: allowed.into() }
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}: {}", self.field, self.value, self.allowed)
    }
}

/// A call that could not be accepted. Nothing was run and nothing was lost.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A configuration value is out of range.
    #[error("invalid configuration: {0}")]
    InvalidConfig(InvalidField),
    /// A request or an argument of a call is malformed.
    #[error("invalid request: {0}")]
    InvalidRequest(InvalidField),
    /// The request's id belongs to an execution that the engine still retains.
    #[error("execution {0} exists already: leave `id` out, or give a new one")]
    DuplicateId(Uuid),
    /// The log of an earlier execution with the request's id is still there, or a file with its output.
    #[error(
        "an earlier execution {id} has left {}: leave `id` out, give a new one, or remove that file",
        path.display()
    )]
    LogExists {
        /// The id.
        id: Uuid,
        /// That file.
        path: PathBuf,
    },
    /// No execution with this id is live or retained.
    #[error("no execution {0}: it never was accepted here, or its retention has passed")]
    NotFound(Uuid),
    /// The queue is at its configured limit.
    #[error("the queue is full: {waiting} executions wait already, as many as may wait")]
    QueueFull {
        /// How many are waiting.
        waiting: usize,
    },
    /// [`shutdown`](crate::ExecutionEngine::shutdown) was called.
    #[error("the engine was shut down and takes no new work")]
    ShutDown,
    /// The engine was constructed outside a tokio runtime.
    #[error("no tokio runtime: construct the engine inside one, with its time and I/O drivers enabled")]
    NoRuntime,
    /// The log of an execution could not be read.
    #[error("the log of execution {id} cannot be read: {source}")]
    LogUnreadable {
        /// The execution.
        id: Uuid,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// The log folder could not be read.
    #[error("the folder of the logs cannot be read: {source}")]
    LogFolderUnreadable {
        /// What the operating system said.
        source: Arc<io::Error>,
    },
}

/// [`io::Error`] cannot be compared, so its message is.
impl PartialEq for EngineError {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.to_string() == other.to_string()
    }
}

impl Eq for EngineError {}

impl EngineError {
    /// The stable code, e.g. `QUEUE_FULL`. Codes are never renamed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidConfig(_) => "INVALID_CONFIG",
            Self::InvalidRequest(_) => "INVALID_REQUEST",
            Self::DuplicateId(_) | Self::LogExists { .. } => "DUPLICATE_ID",
            Self::NotFound(_) => "NOT_FOUND",
            Self::QueueFull { .. } => "QUEUE_FULL",
            Self::ShutDown => "SHUT_DOWN",
            Self::NoRuntime => "NO_RUNTIME",
            Self::LogUnreadable { .. } | Self::LogFolderUnreadable { .. } => "LOG_UNREADABLE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_value_is_shortened_and_printable() {
        let refused = InvalidField::new("id", "\u{1b}[31m".repeat(100), "a UUID");
        assert!(!refused.to_string().contains('\u{1b}'));
        assert!(refused.value.ends_with('…'));
    }
}
