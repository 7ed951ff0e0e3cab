//! Telling a process from a later one with the same id: the pid together with its start time, and
//! for a host the boot it belongs to.

use serde::{Deserialize, Serialize};

/// The program this crate runs in, as a log's header names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HostIdentity {
    pub(crate) pid: u32,
    pub(crate) start_time: Option<u64>,
    pub(crate) boot_id: Option<String>,
}

/// Who we are.
pub(crate) fn host_identity() -> HostIdentity {
    let pid = std::process::id();
    HostIdentity { pid, start_time: start_time(pid), boot_id: boot_id() }
}

/// Whether the process with this id is the one that was started then. Without a start time to
/// compare, a process with that id counts as another one: the innocent are not to be stopped.
pub(crate) fn is_same_process(pid: u32, start: Option<u64>) -> bool {
    start.is_some() && start_time(pid) == start
}

/// When a process was started, in clock ticks since boot.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, brackets too.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}
