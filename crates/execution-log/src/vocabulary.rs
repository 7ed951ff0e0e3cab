//! The words that a log shares with the engine that writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which of the child's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// `stdout` or `stderr`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Where an execution is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExecutionStatus {
    /// Accepted, waiting for a permit or for its process to start.
    Pending,
    /// Its process runs.
    Running,
    /// Ended with exit code 0.
    Completed,
    /// Ended in any other way, unasked.
    Failed,
    /// Stopped by `cancel` or by a shutdown.
    Cancelled,
    /// Stopped because its timeout passed.
    Timeout,
    /// Cut off by the end of its runtime, or by the death of its host; then found again by `recover`.
    Interrupted,
}

impl ExecutionStatus {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The name as it is written in logs and results, e.g. `completed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
        }
    }
}

/// CPU time and memory, of the program and of those children it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// CPU time in user mode, in milliseconds.
    pub user_cpu_ms: u64,
    /// CPU time in the kernel, in milliseconds.
    pub system_cpu_ms: u64,
    /// The largest resident set of any one process, in bytes. On Linux not less than the host's own
    /// at the start: a process begins as an image of the one that starts it, and the kernel counts it.
    pub max_rss_bytes: u64,
}

/// What the caller wants to find again; the engine only copies it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionMetadata {
    /// Who asked, e.g. `playbook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The conversation it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Anything else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}
