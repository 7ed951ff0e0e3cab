//! [`ExecutionResult`]: how an execution ended, and what is known about it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
pub use execution_log::{ExecutionStatus, ResourceUsage};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ExecutionFailure;
use crate::request::{ExecutionMetadata, ExecutionRequest};

/// How an execution ended. Every accepted execution has exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExecutionResult {
    /// The execution.
    pub id: Uuid,
    /// A terminal status. `Completed` means exit code 0.
    pub status: ExecutionStatus,
    /// The exit code; `None` if a signal ended the program or it was never spawned.
    pub exit_code: Option<i32>,
    /// The signal that ended the program, e.g. `SIGTERM`.
    pub signal: Option<String>,
    /// What memory kept of the standard output. Invalid UTF-8 reads as U+FFFD; the log has the bytes.
    pub stdout: String,
    /// What memory kept of the standard error.
    pub stderr: String,
    /// Both streams in the order in which they were read, up to twice the limit of one; `None` unless the
    /// request has [`all`](ExecutionRequest::all).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// The same as bytes; `None` unless the request has [`raw_output`](ExecutionRequest::raw_output).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<RawOutput>>,
    /// Bytes the child wrote to its standard output.
    pub stdout_bytes: u64,
    /// Bytes the child wrote to its standard error.
    pub stderr_bytes: u64,
    /// Whether part of the standard output is missing from `stdout`.
    pub stdout_truncated: bool,
    /// Whether part of the standard error is missing from `stderr`.
    pub stderr_truncated: bool,
    /// From the start of the process to its end, in milliseconds, on the monotonic clock.
    pub duration_ms: u64,
    /// From acceptance to the start of the process, in milliseconds.
    pub queued_ms: u64,
    /// When the process started; `None` if it never did.
    pub started_at: Option<DateTime<Utc>>,
    /// When the execution ended.
    pub completed_at: DateTime<Utc>,
    /// Why the status is not `Completed`.
    pub error: Option<ExecutionFailure>,
    /// The first part of the log; `None` if it is not there.
    pub log_path: Option<PathBuf>,
    /// Files with the bytes of a stream, under `stream_to_file`, if memory could not hold it.
    pub output_files: OutputFiles,
    /// Whether one of `output_files` ends early: at `max_spill_bytes`, before the disk had less free than
    /// `min_free_bytes`, or where a write failed. `log_error` says which.
    pub output_files_incomplete: bool,
    /// What the process tree used; `None` if no process ran or its status was lost.
    pub resource_usage: Option<ResourceUsage>,
    /// What held the process tree.
    pub containment: Containment,
    /// Processes left alone after a natural end, such as a server put in the background, with those that
    /// still held the output when reading stopped; after a stop, those that could not be stopped.
    pub leftover_processes: Vec<LeftoverProcess>,
    /// Whether a process left behind still held the pipe when reading stopped: output it wrote later is
    /// missing.
    pub output_incomplete: bool,
    /// Why the log or one of `output_files` is missing or partial.
    pub log_error: Option<String>,
    /// Copied from the request.
    pub metadata: ExecutionMetadata,
}

/// What memory kept of the output, byte for byte but for secrets. What is missing has no note in its place.
/// In JSON, bytes are base64.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RawOutput {
    /// Of the standard output.
    #[serde(with = "crate::bytes_as_base64")]
    pub stdout: Vec<u8>,
    /// Of the standard error.
    #[serde(with = "crate::bytes_as_base64")]
    pub stderr: Vec<u8>,
    /// Of both; empty unless the request has [`all`](ExecutionRequest::all).
    #[serde(default, with = "crate::bytes_as_base64", skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<u8>,
}

/// What a result has besides the text of each stream, if the request says so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extras {
    pub all: bool,
    pub raw: bool,
}

impl From<&ExecutionRequest> for Extras {
    fn from(request: &ExecutionRequest) -> Self {
        Self { all: request.all, raw: request.raw_output }
    }
}

/// Files with the bytes of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutputFiles {
    /// The standard output's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<PathBuf>,
    /// The standard error's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<PathBuf>,
}

/// What held the process tree, and so what a cancel could reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Containment {
    /// No process was started, or nothing could hold it.
    None,
    /// A process group; processes that left it are found by a mark in their environment.
    Group,
    /// A job object (Windows): nothing leaves it.
    Job,
}

impl Containment {
    /// The stable name, e.g. `group`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Group => "group",
            Self::Job => "job",
        }
    }
}

/// A process that outlived its execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeftoverProcess {
    /// Its process id.
    pub pid: u32,
    /// Its name, as the system shows it.
    pub name: String,
}

/// One row of [`list_executions`](crate::ExecutionEngine::list_executions): everything but the output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExecutionSummary {
    /// The execution.
    pub id: Uuid,
    /// Where it is in its life.
    pub status: ExecutionStatus,
    /// The command as one would type it, secrets masked.
    pub command: String,
    /// `exec`, `shell`, `script` or `aws_cli`.
    pub command_type: String,
    /// The process id, while it runs.
    pub pid: Option<u32>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When its process started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// The exit code.
    pub exit_code: Option<i32>,
    /// From the start of the process to its end, or until now, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The first part of its log.
    pub log_path: Option<PathBuf>,
    /// Copied from the request.
    pub metadata: ExecutionMetadata,
}

/// Whole milliseconds, saturating.
pub(crate) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
