//! [`LogRecord`]: a line of output, or an event.

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

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogRecordKind {
    /// Output of the child.
    Output {
        /// The stream.
        stream: OutputStream,
        /// The bytes, without the line end.
        #[serde(skip)]
        bytes: Vec<u8>,
        /// Whether the line continues in this stream's next record.
        partial: bool,
    },
    /// Something that the engine did or noticed.
    Event {
        /// As it was written.
        event: serde_json::Value,
    },
}
