//! [`LogHeader`]: what was run, by which program, and when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::footer::ByteCounts;
use crate::process;
use crate::vocabulary::ExecutionMetadata;

/// The first line of every part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogHeader {
    /// The execution.
    pub id: Uuid,
    /// Which part this is, from 1.
    pub part: u32,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// The command as one would type it, secrets masked.
    pub command: String,
    /// `exec`, `shell`, `script` or `aws_cli`.
    pub command_type: String,
    /// Program and arguments, secrets masked.
    pub argv: Vec<String>,
    /// The working folder; `None` means the host's.
    pub working_dir: Option<String>,
    /// Names of the variables the request set. Values are never written.
    pub env_names: Vec<String>,
    /// The process.
    pub pid: u32,
    /// Its start time, in the system's own unit: together with the pid, an identity.
    pub pid_start_time: Option<u64>,
    /// The program that wrote this.
    pub host: LogHost,
    /// Copied from the request.
    pub metadata: ExecutionMetadata,
    /// Bytes of each stream in earlier parts.
    pub offsets: ByteCounts,
}

impl LogHeader {
    /// The header of a first part. Everything else is empty; fill it in.
    #[must_use]
    pub fn new(id: Uuid, started_at: DateTime<Utc>, pid: u32, host: LogHost) -> Self {
        Self {
            id,
            part: 1,
            started_at,
            command: String::new(),
            command_type: String::new(),
            argv: Vec::new(),
            working_dir: None,
            env_names: Vec::new(),
            pid,
            pid_start_time: None,
            host,
            metadata: ExecutionMetadata::default(),
            offsets: ByteCounts::default(),
        }
    }
}

/// The program that ran the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogHost {
    /// Its process id.
    pub pid: u32,
    /// Its start time, in the system's own unit.
    pub start_time: Option<u64>,
    /// The boot that it ran in.
    pub boot_id: Option<String>,
    /// The operating system.
    pub os: String,
    /// The engine's version.
    pub engine_version: String,
}

impl LogHost {
    /// This program.
    #[must_use]
    pub fn current(engine_version: &str) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            start_time: process::start_time(pid),
            boot_id: process::boot_id(),
            os: std::env::consts::OS.to_owned(),
            engine_version: engine_version.to_owned(),
        }
    }

    /// Whether it ran in the current boot: start times of another boot mean nothing here.
    #[must_use]
    pub fn is_of_this_boot(&self) -> bool {
        self.boot_id == process::boot_id()
    }

    /// Whether it still runs. Process ids are reused, so start time and boot must match too.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.is_of_this_boot() && process::is_same_process(self.pid, self.start_time)
    }
}
