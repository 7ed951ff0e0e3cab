//! Kills processes until none is left.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process_info::{Mark, ProcessInfo};
use super::{snapshot, table};
use crate::process::spec::Member;

/// How long to keep killing a tree that forks faster than it is killed.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// Kills what `find` finds until it finds nothing twice, because the table may miss a process that was forked
/// while it was read. Returns what is left, immediately if that may not be signalled.
pub(super) fn kill_until_gone(find: impl Fn() -> Vec<ProcessInfo>) -> Vec<Member> {
    let deadline = Instant::now() + KILL_TIMEOUT;
    let mut pause = Duration::from_millis(1);
    let mut clean = 0;
    loop {
        let kill = |process: ProcessInfo| {
            let may_signal = table::signal_verified(&process, &[Signal::KILL]);
            Member { process: process.into(), may_signal }
        };
        let left: Vec<Member> = find().into_iter().map(kill).collect();
        clean = if left.iter().any(|member| member.may_signal) { 0 } else { clean + 1 };
        if clean == 2 || Instant::now() >= deadline {
            return left;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// All processes that carry this mark.
pub(super) fn marked(marker: &OsStr) -> Vec<ProcessInfo> {
    let is_marked = |mark: &Mark| matches!(mark, Mark::Of(mark) if mark == marker);
    let all = snapshot::all();
    all.processes.iter().filter(|(_, mark)| is_marked(mark)).map(|(process, _)| process.clone()).collect()
}
