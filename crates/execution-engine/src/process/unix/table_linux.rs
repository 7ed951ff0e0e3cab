//! The process table of Linux: `/proc` (proc(5)).

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use execution_log::process::{is_zombie, split_stat};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::process_info::ProcessInfo;
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
    let zombie = is_zombie(fields.next()?);
    let group = fields.nth(1)?.parse().ok()?;
    let flags: u32 = fields.nth(3)?.parse().ok()?;
    let start_time = fields.nth(12)?.parse().ok()?;
    (flags & KERNEL_THREAD == 0).then_some(ProcessInfo { pid, group, start_time, name, zombie })
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

/// The execution's mark in a process's environment. Other users' environments cannot be read.
pub(super) fn mark_of(pid: u32) -> Option<OsString> {
    /// In milliseconds: about a tenth of a second in all, in which even a busy machine runs every process
    /// once.
    const PAUSES: [u64; 12] = [0, 1, 1, 2, 4, 8, 16, 16, 16, 16, 16, 16];
    let name = EXECUTION_ID_VAR.as_bytes();
    for pause in PAUSES {
        if pause > 0 {
            std::thread::sleep(Duration::from_millis(pause));
        }
        let environ = environment(pid)?;
        if !environ.is_empty() || has_no_environment(pid) {
            return environ
                .split(|&byte| byte == 0)
                .find(|entry| entry.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'=')))
                .map(|entry| OsStr::from_bytes(entry).to_owned());
        }
    }
    None
}

/// In one call: between two, the process may exec another program, and the rest would read as empty.
fn environment(pid: u32) -> Option<Vec<u8>> {
    let mut size = 32 * 1024;
    loop {
        let mut environ = vec![0; size];
        let length = std::fs::File::open(format!("/proc/{pid}/environ")).ok()?.read(&mut environ).ok()?;
        if length < size {
            environ.truncate(length);
            return Some(environ);
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
        state.is_some_and(is_zombie) || (settled && env_start == env_end && env_end != Some("0"))
    })
}

/// SIGKILL to exactly this process, never to one that reuses its id: the descriptor pins it, then its
/// identity is compared.
pub(super) fn kill_verified(process: &ProcessInfo) {
    let Some(pid) = Pid::from_raw(process.pid.cast_signed()) else { return };
    let same = || look(process.pid).is_some_and(|now| now.start_time == process.start_time);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(descriptor) if same() => drop(pidfd_send_signal(descriptor, Signal::KILL)),
        // No pidfds here: check and signal are some microseconds apart.
        Err(error) if error != rustix::io::Errno::SRCH && same() => drop(kill_process(pid, Signal::KILL)),
        _ => {}
    }
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
