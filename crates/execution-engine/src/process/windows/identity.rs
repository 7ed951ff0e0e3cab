//! Identifies processes across restarts of the host: a process id is reused, an id with a creation time is
//! not.

use std::ffi::OsStr;

use execution_log::process::is_same_process;

use super::os_process;
use crate::result::LeftoverProcess;

/// None: a job ends with its host, so no process survives to be found.
pub(crate) fn marked_processes(_marker: &OsStr) -> Vec<LeftoverProcess> {
    Vec::new()
}

/// None, as above.
pub(crate) fn kill_marked(_marker: &OsStr) -> Vec<LeftoverProcess> {
    Vec::new()
}

/// Ends a leader that an earlier host spawned without a job, provided that it is still the same process.
/// `false`: it is another process, and nothing was ended.
pub(crate) fn kill_group_of(pid: u32, start_time: Option<u64>) -> bool {
    // The open handle pins the id, so it is the same process that is checked and ended.
    os_process::open_to_end(pid)
        .is_some_and(|process| is_same_process(pid, start_time) && os_process::terminate(&process).is_ok())
}
