//! Looks for the processes of a tree in the process table.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::identity::is_same_process;
use crate::result::LeftoverProcess;

/// Sweeps go on for this long: a tree that forks while it is being killed loses against it.
pub(super) const SWEEP_LIMIT: Duration = Duration::from_secs(2);

/// The live processes of a group, its leader left out, and those that carry the mark.
pub(super) fn members(group: u32, mark: Option<&OsStr>) -> Vec<LeftoverProcess> {
    let mut found = Vec::new();
    for pid in pids() {
        let Some(process) = Stat::of(pid) else { continue };
        let belongs = process.group == group || mark.is_some_and(|mark| carries(pid, mark));
        if pid != group && process.is_alive() && belongs {
            found.push(LeftoverProcess { pid, name: process.name });
        }
    }
    found
}

/// The processes of an execution whose host is gone: those that carry its mark, and its leader, if
/// the process with that id was started when the leader was.
pub(crate) fn survivors(mark: &OsStr, leader: (u32, Option<u64>)) -> Vec<LeftoverProcess> {
    let found = |pid: u32| {
        let process = Stat::of(pid).filter(Stat::is_alive)?;
        is_survivor(pid, mark, leader).then_some(LeftoverProcess { pid, name: process.name })
    };
    pids().filter_map(found).collect()
}

/// Kills them.
pub(crate) fn stop_survivors(mark: &OsStr, leader: (u32, Option<u64>)) {
    let deadline = Instant::now() + SWEEP_LIMIT;
    loop {
        let left = survivors(mark, leader);
        if left.is_empty() || Instant::now() > deadline {
            return;
        }
        for process in &left {
            kill_if(process.pid, |pid| is_survivor(pid, mark, leader));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_survivor(pid: u32, mark: &OsStr, leader: (u32, Option<u64>)) -> bool {
    carries(pid, mark) || (pid == leader.0 && is_same_process(pid, leader.1))
}

/// Kills a process that carries the mark.
pub(super) fn kill_marked(pid: u32, mark: &OsStr) {
    kill_if(pid, |pid| carries(pid, mark));
}

/// Kills a process that is the one meant. That is asked after it is held by a descriptor, so that an
/// id that changed hands meanwhile is left alone.
fn kill_if(pid: u32, is_meant: impl Fn(u32) -> bool) {
    let held = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(Ok(held)) = held.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else { return };
    if is_meant(pid) {
        let _ = pidfd_send_signal(&held, Signal::KILL);
    }
}

fn pids() -> impl Iterator<Item = u32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn carries(pid: u32, mark: &OsStr) -> bool {
    // Unreadable: somebody else's, or gone.
    let Ok(environ) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    memmem::find(&environ, mark.as_bytes()).is_some()
}

struct Stat {
    name: String,
    state: char,
    group: u32,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let group = fields.nth(1)?.parse().ok()?;
        Some(Self { name: name.to_owned(), state, group })
    }

    fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}
