//! The files of one execution, by their names.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;
use uuid::Uuid;

use crate::vocabulary::OutputStream;

/// One file of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogPart {
    /// Its number, from 1. Rotation drops numbers after the first.
    pub number: u32,
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// A file with all of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutputFile {
    /// The stream.
    pub stream: OutputStream,
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// The files named after an execution. Their content has not been checked: a name proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFiles {
    /// The execution.
    pub id: Uuid,
    /// Parts of its log, in order.
    pub parts: Vec<LogPart>,
    /// Files that hold all of a stream.
    pub output_files: Vec<OutputFile>,
    /// Total size in bytes.
    pub bytes: u64,
    /// When any of them was last written to.
    pub modified: SystemTime,
}

impl LogFiles {
    pub(crate) fn new(id: Uuid) -> Self {
        let modified = SystemTime::UNIX_EPOCH;
        Self { id, parts: Vec::new(), output_files: Vec::new(), bytes: 0, modified }
    }
}
