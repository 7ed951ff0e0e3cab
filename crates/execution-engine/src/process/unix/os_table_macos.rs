//! The process table of macOS: libproc (`proc_pidinfo`) and sysctl (`KERN_PROCARGS2`).
//!
//! System integrity protection hides the environment of Apple's own programs (`/bin/sleep`). Their mark
//! cannot be read, so they are found by their group, their session or their parent.

use std::ffi::{OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use execution_log::process::{bsd_info, start_time_in};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, getsid, kill_process, test_kill_process};

use super::process_info::{Mark, Moment, ProcessInfo};
use crate::process::spec::EXECUTION_ID_VAR;

/// One process. The call itself skips zombies.
pub(super) fn look(pid: u32) -> Option<ProcessInfo> {
    let info = bsd_info(pid)?;
    Some(ProcessInfo {
        pid: info.pbi_pid,
        parent: info.pbi_ppid,
        group: info.pbi_pgid,
        session: session_of(info.pbi_pid),
        start_time: start_time_in(&info),
        name: text(&info.pbi_name).or_else(|| text(&info.pbi_comm)).unwrap_or_default(),
        zombie: info.pbi_status == libc::SZOMB,
    })
}

fn session_of(pid: u32) -> u32 {
    let session = Pid::from_raw(pid.cast_signed()).and_then(|pid| getsid(Some(pid)).ok());
    session.map_or(0, |session| session.as_raw_nonzero().get().cast_unsigned())
}

/// Unknown here: only threads show whether they wait.
pub(super) fn is_busy(_pid: u32) -> bool {
    false
}

/// A moment after the start of every process, and before that of the next one.
pub(super) fn now() -> Moment {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::try_from(now.as_micros()).unwrap_or(u64::MAX), u32::MAX)
}

fn text(chars: &[libc::c_char]) -> Option<String> {
    let bytes: Vec<u8> = chars.iter().map(|c| c.cast_unsigned()).take_while(|&byte| byte != 0).collect();
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Every process that is not a zombie.
pub(super) fn living() -> Vec<ProcessInfo> {
    pids().into_iter().filter_map(look).filter(|process| !process.zombie).collect()
}

fn pids() -> Vec<u32> {
    // SAFETY: a null buffer of size 0 asks how many there are.
    let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    // More may start in between.
    let mut pids = vec![0_i32; usize::try_from(count).unwrap_or(0) + 64];
    let Ok(bytes) = c_int::try_from(pids.len() * size_of::<i32>()) else { return Vec::new() };
    // SAFETY: the buffer is writable and of the size given.
    let filled = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast::<c_void>(), bytes) };
    pids.truncate(usize::try_from(filled).unwrap_or(0));
    pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).filter(|&pid| pid != 0).collect()
}

/// The execution's mark in a process's environment.
pub(super) fn mark_of(pid: u32) -> Mark {
    let Some(area) = arguments_and_environment(pid) else { return Mark::Hidden };
    let name = EXECUTION_ID_VAR.as_bytes();
    let is_mark = |entry: &&[u8]| entry.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='));
    let Some(mut entries) = environment(&area).map(|all| all.filter(|entry| !entry.is_empty()).peekable())
    else {
        return Mark::Hidden;
    };
    if entries.peek().is_none() {
        return Mark::Hidden;
    }
    entries.find(is_mark).map_or(Mark::Absent, |entry| Mark::Of(OsStr::from_bytes(entry).to_owned()))
}

/// `argc`, the program's path, padding NULs, `argc` arguments, then the environment, each ended by a NUL.
fn environment(area: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let (argc, rest) = area.split_first_chunk::<4>()?;
    let argc = usize::try_from(i32::from_ne_bytes(*argc)).ok()?;
    let path_end = memchr::memchr(0, rest)?;
    let padded = &rest[path_end..];
    let strings = &padded[padded.iter().position(|&byte| byte != 0)?..];
    Some(strings.split(|&byte| byte == 0).skip(argc))
}

fn arguments_and_environment(pid: u32) -> Option<Vec<u8>> {
    let mut name = [libc::CTL_KERN, libc::KERN_PROCARGS2, pid.cast_signed()];
    let mut size = 0_usize;
    // SAFETY: three integers are given as three; a null buffer asks for the size.
    let asked = unsafe {
        libc::sysctl(name.as_mut_ptr(), 3, std::ptr::null_mut(), &raw mut size, std::ptr::null_mut(), 0)
    };
    if asked != 0 || size == 0 {
        return None;
    }
    let mut area = vec![0_u8; size];
    // SAFETY: as above, and the buffer is writable and of the size given.
    let filled = unsafe {
        libc::sysctl(
            name.as_mut_ptr(),
            3,
            area.as_mut_ptr().cast::<c_void>(),
            &raw mut size,
            std::ptr::null_mut(),
            0,
        )
    };
    area.truncate(size);
    (filled == 0).then_some(area)
}

/// Sends signals to exactly this process. There is no pidfd: check and signal are some microseconds apart.
/// Without signals, only the permission is checked. `false`: this user may not signal it.
pub(super) fn signal_verified(process: &ProcessInfo, signals: &[Signal]) -> bool {
    let Some(pid) = Pid::from_raw(process.pid.cast_signed()) else { return true };
    if look(process.pid).is_none_or(|now| now.start_time != process.start_time) {
        return true;
    }
    let may = |sent| sent != Err(Errno::PERM);
    may(test_kill_process(pid)) && signals.iter().all(|&signal| may(kill_process(pid, signal)))
}
