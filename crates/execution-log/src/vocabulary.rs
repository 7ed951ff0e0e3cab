//! The vocabulary shared by a log and the engine that writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One of the child's two output streams.
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
    /// Accepted, waiting for a permit or for its process to be spawned.
    Pending,
    /// Its process runs.
    Running,
    /// Ended with exit code 0.
    Completed,
    /// Ended in any other way that was not requested.
    Failed,
    /// Stopped by `cancel` or by a shutdown.
    Cancelled,
    /// Stopped because its timeout passed.
    Timeout,
    /// Cut off by the end of its runtime, or by the death of its host and then found by `recover`.
    Interrupted,
}

impl ExecutionStatus {
    /// Whether this status is final.
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

/// CPU time and memory of the program and of those children that it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// CPU time in user mode, in milliseconds.
    pub user_cpu_ms: u64,
    /// CPU time in the kernel, in milliseconds.
    pub system_cpu_ms: u64,
    /// The largest resident set of any one process, in bytes. `None` where it cannot be told from the host's:
    /// on Linux a process starts in its parent's memory, and the kernel counts that. So only a process that
    /// became larger than its host ever was has a number there.
    pub max_rss_bytes: Option<u64>,
}

/// The caller's own labels; the engine only copies them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionMetadata {
    /// What requested it, e.g. `playbook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The conversation it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Anything else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}
