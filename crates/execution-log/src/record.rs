//! [`LogRecord`]: a line of output, or something that happened.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::vocabulary::OutputStream;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogRecord {
    /// When it was read from the child, or happened.
    pub timestamp: DateTime<Utc>,
    /// What it is.
    #[serde(flatten)]
    pub kind: LogRecordKind,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogRecordKind {
    /// Output of the child.
    Output {
        /// Which output.
        stream: OutputStream,
        /// The bytes, without the line's end.
        #[serde(skip)]
        bytes: Vec<u8>,
        /// Whether the line goes on in this stream's next record.
        partial: bool,
    },
    /// Something the engine did or noticed.
    Event {
        /// As it was written.
        event: serde_json::Value,
    },
}
