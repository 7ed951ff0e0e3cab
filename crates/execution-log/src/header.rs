//! [`LogHeader`]: what was run, by which program, and when.

use std::collections::BTreeMap;

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
    /// What is not whole here, by field (`argv`, `metadata.tags`): the line has less than 64 KiB. Where words
    /// of a list are missing, they are its last ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shortened: BTreeMap<String, Shortened>,
}

/// How long a field was before it was shortened, and its hash, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shortened {
    /// Its length in bytes; of a list, that of all its words.
    pub bytes: u64,
    /// How many words a list had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// SHA-256 of the text in hexadecimal; of a list, of its words with a NUL after each, as
    /// `sha256sum /proc/<pid>/cmdline` gives it for arguments without secrets.
    pub sha256: String,
}

impl Shortened {
    /// What was shortened.
    #[must_use]
    pub fn new(bytes: u64, items: Option<u64>, sha256: String) -> Self {
        Self { bytes, items, sha256 }
    }
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
            shortened: BTreeMap::new(),
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
