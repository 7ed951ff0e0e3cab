//! [`ProcessInfo`]: a row of the process table.

use std::ffi::OsString;

use crate::result::LeftoverProcess;

/// One process, with the fields that the engine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessInfo {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// In the system's own unit (Linux: clock ticks since boot; macOS: microseconds since 1970).
    pub(super) start_time: u64,
    pub(super) name: String,
    /// Ended and not reaped. A process whose first thread alone has ended is not a zombie.
    pub(super) zombie: bool,
}

/// A start time and a process id. They identify a process. Later processes have greater ones, unless ids wrap
/// around within one clock tick.
pub(super) type Moment = (u64, u32);

impl ProcessInfo {
    pub(super) fn began(&self) -> Moment {
        (self.start_time, self.pid)
    }
}

/// What a process's environment says about the execution it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// It carries this mark.
    Of(OsString),
    /// It carries none, or is gone.
    Absent,
    /// This user may not read it.
    Hidden,
}

impl From<ProcessInfo> for LeftoverProcess {
    fn from(process: ProcessInfo) -> Self {
        Self { pid: process.pid, name: process.name }
    }
}
