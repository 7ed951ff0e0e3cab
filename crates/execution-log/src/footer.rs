//! [`LogFooter`]: how an execution ended.

use serde::{Deserialize, Serialize};

use crate::failure::ExecutionFailure;
use crate::vocabulary::{ExecutionStatus, OutputStream, ResourceUsage};

/// Bytes per stream, as logged: secrets masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ByteCounts {
    /// Standard output.
    pub stdout: u64,
    /// Standard error.
    pub stderr: u64,
}

impl ByteCounts {
    /// Adds bytes of a stream.
    pub fn add(&mut self, stream: OutputStream, count: usize) {
        match stream {
            OutputStream::Stdout => self.stdout += count as u64,
            OutputStream::Stderr => self.stderr += count as u64,
        }
    }
}

impl std::ops::AddAssign for ByteCounts {
    fn add_assign(&mut self, other: Self) {
        self.stdout += other.stdout;
        self.stderr += other.stderr;
    }
}

impl std::ops::SubAssign for ByteCounts {
    fn sub_assign(&mut self, other: Self) {
        self.stdout -= other.stdout;
        self.stderr -= other.stderr;
    }
}

/// The last line of a complete log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogFooter {
    /// How it ended.
    pub status: ExecutionStatus,
    /// The exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<String>,
    /// From the start of the process to its end, in milliseconds.
    pub duration_ms: u64,
    /// Bytes the child wrote.
    pub bytes: ByteCounts,
    /// Bytes of records that are missing from the log: dropped parts, or a full disk.
    pub dropped_bytes: u64,
    /// Parts written, including dropped ones.
    pub parts: u32,
    /// CPU time and memory.
    pub usage: Option<ResourceUsage>,
    /// Why it did not complete.
    pub error: Option<ExecutionFailure>,
    /// CRC-32 of every record of every part, without headers and footer; `None` for an interrupted log.
    pub crc32: Option<u32>,
}

impl LogFooter {
    /// A footer with nothing but the status; fill in the rest.
    #[must_use]
    pub fn new(status: ExecutionStatus) -> Self {
        Self {
            status,
            exit_code: None,
            signal: None,
            duration_ms: 0,
            bytes: ByteCounts::default(),
            dropped_bytes: 0,
            parts: 0,
            usage: None,
            error: None,
            crc32: None,
        }
    }
}
