//! Identifies processes across restarts of the host: a process id is reused, an id with a start time is not.

use std::ffi::OsStr;

use execution_log::process::is_same_process;
use rustix::process::{Pid, Signal, kill_process_group};

use super::{sweep, table};
use crate::result::LeftoverProcess;

/// Every live process that carries this mark (`NAME=value`). Blocking.
pub(crate) fn marked_processes(marker: &OsStr) -> Vec<LeftoverProcess> {
    sweep::marked(marker).into_iter().map(Into::into).collect()
}

/// Kills all processes that carry this mark until none is left. Blocking, two seconds at most; returns what
/// could not be killed.
pub(crate) fn kill_marked(marker: &OsStr) -> Vec<LeftoverProcess> {
    sweep::kill_until_gone(|| sweep::marked(marker)).into_iter().map(|left| left.process).collect()
}

/// Kills the group of a leader that an earlier host spawned, provided that it is still the same process.
/// Blocking. `false`: it is another process, and nothing was signalled; its descendants can be found by their
/// mark.
pub(crate) fn kill_group_of(pid: u32, start_time: Option<u64>) -> bool {
    let Some(group) = Pid::from_raw(pid.cast_signed()) else { return false };
    let leads = table::look(pid).is_some_and(|now| now.group == pid);
    // As long as the leader or any member lives, no new process gets this id. Between the check and the
    // signal there are some microseconds.
    leads && is_same_process(pid, start_time) && kill_process_group(group, Signal::KILL).is_ok()
}
