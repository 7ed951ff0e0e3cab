//! The process table of Linux: `/proc` (proc(5)).

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use execution_log::process::{is_zombie, living_threads, split_stat};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal, test_kill_process,
};
use rustix::time::{ClockId, clock_gettime};

use super::process_info::{Mark, Moment, ProcessInfo};
use crate::process::spec::EXECUTION_ID_VAR;

/// Kernel threads (`PF_KTHREAD`) are never descendants.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// One process, zombies included.
pub(super) fn look(pid: u32) -> Option<ProcessInfo> {
    parse(pid, &std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state ppid pgrp session tty tpgid flags … starttime(22) …`
fn parse(pid: u32, stat: &[u8]) -> Option<ProcessInfo> {
    let (name, mut fields) = split_stat(stat)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let zombie = is_zombie(pid, fields.next()?);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let flags: u32 = fields.nth(2)?.parse().ok()?;
    let start_time = fields.nth(12)?.parse().ok()?;
    let process = ProcessInfo { pid, parent, group, session, start_time, name, zombie };
    (flags & KERNEL_THREAD == 0).then_some(process)
}

/// Whether one of its threads runs, waits for a CPU, or waits for a disk: it may be about to write.
pub(super) fn is_busy(pid: u32) -> bool {
    living_threads(pid).any(|(_, state)| matches!(state.as_str(), "R" | "D"))
}

/// A moment after the start of every process, and before that of the next one.
pub(super) fn now() -> Moment {
    let now = clock_gettime(ClockId::Boottime);
    let ticks = rustix::param::clock_ticks_per_second();
    let (seconds, nanos) = (now.tv_sec.cast_unsigned(), now.tv_nsec.cast_unsigned());
    // A tick is long. Within it, the id that was assigned last decides.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_pid = load.split_ascii_whitespace().nth(4).and_then(|pid| pid.parse().ok());
    (seconds * ticks + nanos * ticks / 1_000_000_000, last_pid.unwrap_or(u32::MAX))
}

/// Every process that is not a zombie.
pub(super) fn living() -> Vec<ProcessInfo> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(look)
        .filter(|process| !process.zombie)
        .collect()
}

/// The execution's mark in a process's environment.
pub(super) fn mark_of(pid: u32) -> Mark {
    /// In milliseconds: about a tenth of a second in all, in which even a busy machine runs every process
    /// once.
    const PAUSES: [u64; 12] = [0, 1, 1, 2, 4, 8, 16, 16, 16, 16, 16, 16];
    for pause in PAUSES {
        if pause > 0 {
            std::thread::sleep(Duration::from_millis(pause));
        }
        match environment(pid) {
            Ok(environ) if environ.is_empty() && !has_no_environment(pid) => {}
            Ok(environ) => return mark_in(&environ),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Mark::Hidden,
            Err(_) => return Mark::Absent,
        }
    }
    Mark::Absent
}

fn mark_in(environ: &[u8]) -> Mark {
    let name = EXECUTION_ID_VAR.as_bytes();
    environ
        .split(|&byte| byte == 0)
        .find(|entry| entry.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'=')))
        .map_or(Mark::Absent, |entry| Mark::Of(OsStr::from_bytes(entry).to_owned()))
}

/// A thread that has ended shows no environment, so the others are read if the first one shows none.
fn environment(pid: u32) -> io::Result<Vec<u8>> {
    let first = read_at_once(format!("/proc/{pid}/environ"));
    let is_enough = match &first {
        Ok(environ) => !environ.is_empty(),
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    };
    if is_enough {
        return first;
    }
    let mut others = living_threads(pid).filter_map(|(thread, _)| read_at_once(thread.join("environ")).ok());
    others.find(|environ| !environ.is_empty()).map_or(first, Ok)
}

/// In one call: between two, the process may exec another program, and the rest would read as empty.
fn read_at_once(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut size = 32 * 1024;
    loop {
        let mut content = vec![0; size];
        let length = std::fs::File::open(&path)?.read(&mut content)?;
        if length < size {
            content.truncate(length);
            return Ok(content);
        }
        size *= 4;
    }
}

/// Whether an environment that reads as empty really is. It also reads as empty while a process execs: the
/// file belongs to the program it was opened under, and the new one's is not there yet. Treating that as
/// unmarked would let a daemon escape just as it starts.
///
/// `env_start` and `env_end` are fields 50 and 51. The kernel sets both to the same address before it sets
/// the end, so they are trusted only while the process waits (S) or is stopped (T, t): inside `execve` it
/// runs (R), however long it has to wait for a CPU, or waits for the disk (D).
fn has_no_environment(pid: u32) -> bool {
    let Ok(stat) = std::fs::read(format!("/proc/{pid}/stat")) else { return true };
    split_stat(&stat).is_none_or(|(_, mut fields)| {
        let state = fields.next();
        let (env_start, env_end) = (fields.nth(46), fields.next());
        let settled = matches!(state, Some("S" | "T" | "t" | "I"));
        state.is_some_and(|state| is_zombie(pid, state))
            || (settled && env_start == env_end && env_end != Some("0"))
    })
}

/// Sends signals to exactly this process, never to one that reuses its id: the descriptor pins it, then its
/// identity is compared. Without signals, only the permission is checked. `false`: this user may not signal
/// it.
pub(super) fn signal_verified(process: &ProcessInfo, signals: &[Signal]) -> bool {
    let Some(pid) = Pid::from_raw(process.pid.cast_signed()) else { return true };
    let descriptor = pidfd_open(pid, PidfdFlags::empty());
    let is_same = look(process.pid).is_some_and(|now| now.start_time == process.start_time);
    if !is_same || descriptor.as_ref().err() == Some(&Errno::SRCH) {
        return true;
    }
    // Without pidfds, or where a sandbox refuses them, check and signal are some microseconds apart.
    let send = |signal| match descriptor.as_ref().map(|descriptor| pidfd_send_signal(descriptor, signal)) {
        Ok(done @ (Ok(()) | Err(Errno::SRCH))) => done,
        _ => kill_process(pid, signal),
    };
    test_kill_process(pid) != Err(Errno::PERM) && signals.iter().all(|&one| send(one) != Err(Errno::PERM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let stat = b"42 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 10 11";
        let process = parse(42, stat).unwrap();
        assert_eq!((process.name.as_str(), process.group, process.start_time), ("a) b (c)", 7, 98765));
    }

    #[test]
    fn now_is_after_existing_processes_and_before_later_ones() {
        let mut sleep = std::process::Command::new("/bin/sleep");
        let mut start = || sleep.arg("1000").spawn().unwrap();
        for _ in 0..20 {
            let mut before = start();
            let between = now();
            let mut after = start();
            let began = |child: &std::process::Child| look(child.id()).unwrap().began();
            assert!(began(&before) <= between && between < began(&after));
            for child in [&mut before, &mut after] {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }

    #[test]
    fn this_process_is_found_with_a_start_time() {
        let me = look(std::process::id()).unwrap();
        assert!(me.start_time > 0 && !me.zombie);
        assert!(living().contains(&me));
    }

    /// The fields that tell an empty environment from one that is not set up yet.
    #[test]
    fn a_process_with_variables_has_an_environment() {
        assert!(!has_no_environment(std::process::id()));
        let mut bare = std::process::Command::new("/bin/sleep").arg("1000").env_clear().spawn().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while !has_no_environment(bare.id()) {
            assert!(std::time::Instant::now() < deadline);
        }
        bare.kill().unwrap();
        bare.wait().unwrap();
    }
}
