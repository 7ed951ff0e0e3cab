//! The calls that the safe bindings lack. The only `unsafe` of the crate on Unix.
#![allow(unsafe_code, reason = "system calls without a safe binding")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::result::ResourceUsage;

/// How a process ended, as the kernel reports it.
pub(super) struct WaitStatus {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) core_dumped: bool,
    pub(super) usage: ResourceUsage,
}

/// Reaps `pid` if it has ended: its status and resource usage in one call.
///
/// # Errors
/// `ECHILD` when it is not our child any more: somebody else reaped it.
pub(super) fn reap(pid: i32) -> io::Result<Option<WaitStatus>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live memory of the right types; the call keeps neither.
    let reaped = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    match reaped {
        0 => return Ok(None),
        -1 => return Err(io::Error::last_os_error()),
        _ => {}
    }
    // SAFETY: zeroed is a valid `rusage` (integers only), whether or not the kernel filled it.
    let usage = unsafe { usage.assume_init() };
    let exited = libc::WIFEXITED(status);
    let signalled = libc::WIFSIGNALED(status);
    Ok(Some(WaitStatus {
        code: exited.then(|| libc::WEXITSTATUS(status)),
        signal: signalled.then(|| libc::WTERMSIG(status)),
        core_dumped: signalled && libc::WCOREDUMP(status),
        usage: ResourceUsage {
            user_cpu_ms: time_ms(usage.ru_utime),
            system_cpu_ms: time_ms(usage.ru_stime),
            max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * MAX_RSS_UNIT,
        },
    }))
}

/// `ru_maxrss` is in bytes on macOS and in KiB elsewhere.
const MAX_RSS_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

fn time_ms(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1000 + u64::try_from(time.tv_usec).unwrap_or(0) / 1000
}

/// Registers a descriptor with the runtime, for reading.
pub(super) fn async_fd(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` names the same open descriptor until it is dropped, with the `AsyncFd`.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}

/// Empties this thread's signal mask: children inherit it, and one that starts with a blocked
/// SIGTERM can never be asked politely.
pub(super) fn clear_signal_mask() {
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set before it is read; the old mask is not asked for.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}
