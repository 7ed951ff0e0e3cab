//! [`Life`]: what is known of an execution while it is live, and after its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use crate::log::LogPath;
use crate::request::ExecutionMetadata;
use crate::result::{ExecutionResult, ExecutionStatus};

/// How urgently a stop was requested. It only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StopRequest {
    /// No stop was requested.
    None,
    /// The signal, the grace period, then by force.
    Graceful,
    /// Killed immediately.
    Force,
}

/// Bytes for the child's standard input, and a reply when they are written.
#[derive(Debug)]
pub(crate) enum StdinMessage {
    Write(Vec<u8>, oneshot::Sender<()>),
    Close,
}

/// Whether an execution has a log of its own. If it has none, another execution's log may have its name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OwnLog {
    /// It has not begun yet.
    Unwritten,
    /// Where it is.
    Written(PathBuf),
    /// There is none, for this reason.
    Lost(String),
}

/// Thousands of finished executions may be retained, so only their results are kept.
#[derive(Debug)]
pub(super) enum Life {
    Live(Box<Live>),
    Ended(Arc<ExecutionResult>),
}

/// What only a live execution needs.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) started: Option<Started>,
    pub(super) stop: watch::Sender<StopRequest>,
    /// `None` unless the request's standard input is a pipe.
    pub(super) stdin: Option<mpsc::Sender<StdinMessage>>,
    pub(super) log: Option<LogPath>,
    /// Afterwards the result has it.
    pub(super) metadata: ExecutionMetadata,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    pub(super) pid: u32,
    pub(super) at: DateTime<Utc>,
    pub(super) clock: Instant,
}

impl Life {
    pub(super) fn status(&self) -> ExecutionStatus {
        match self {
            Self::Live(live) if live.started.is_some() => ExecutionStatus::Running,
            Self::Live(_) => ExecutionStatus::Pending,
            Self::Ended(result) => result.status,
        }
    }

    pub(super) fn result(&self) -> Option<&Arc<ExecutionResult>> {
        match self {
            Self::Live(_) => None,
            Self::Ended(result) => Some(result),
        }
    }

    pub(super) fn own_log(&self) -> OwnLog {
        match self {
            Self::Live(live) => match &live.log {
                Some(log) if log.has_failed() => OwnLog::Lost("it could not be begun".to_owned()),
                log => log.as_ref().and_then(LogPath::path).map_or(OwnLog::Unwritten, OwnLog::Written),
            },
            Self::Ended(result) => match (&result.log_path, &result.log_error, result.started_at) {
                (Some(path), ..) => OwnLog::Written(path.clone()),
                (None, Some(error), _) => OwnLog::Lost(error.clone()),
                (None, None, None) => OwnLog::Lost("there is none: its process never started".to_owned()),
                (None, None, Some(_)) => OwnLog::Lost("there is none: `logging` is off".to_owned()),
            },
        }
    }

    pub(super) fn metadata(&self) -> &ExecutionMetadata {
        match self {
            Self::Live(live) => &live.metadata,
            Self::Ended(result) => &result.metadata,
        }
    }
}
