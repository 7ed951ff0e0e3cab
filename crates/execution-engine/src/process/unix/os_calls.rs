//! The calls that need `unsafe`: `wait4` with its resource usage, and the thread's signal mask (neither is in
//! std or rustix).

use std::io;
use std::mem::MaybeUninit;

use crate::process::spec::{Exit, ExitKind};
use crate::result::ResourceUsage;
use crate::signal;

/// A process inherits the signal mask of the thread that spawns it through std. With SIGTERM blocked, it
/// could not be stopped.
pub(in crate::process) fn prepare_spawner_thread() {
    change_mask(libc::SIG_SETMASK, &[]);
}

/// A write beyond a file size limit (`RLIMIT_FSIZE`) raises a signal in the writing thread, which would end
/// the host. With the signal blocked, the write fails instead, as it does on a full disk.
pub(crate) fn prepare_writer_thread() {
    change_mask(libc::SIG_BLOCK, &[libc::SIGXFSZ]);
}

/// Changes the calling thread's signal mask. Async-signal-safe.
pub(super) fn change_mask(how: libc::c_int, signals: &[libc::c_int]) {
    let set = signal_set(signals);
    // SAFETY: the set is valid, and a null pointer for the old mask is allowed.
    unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) };
}

/// A set of these signals alone.
pub(super) fn signal_set(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set it is given.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for &signal in signals {
        // SAFETY: the set is valid; a number that is no signal is refused.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    set
}

/// Reaps one child of ours. `Ok(None)`: it still runs (only if `block` is false).
pub(super) fn wait4(pid: u32, block: bool) -> io::Result<Option<Exit>> {
    let mut status: libc::c_int = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let flags = if block { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: both pointers are to live, writable storage of the right type; any pid is allowed.
        let result = unsafe { libc::wait4(pid.cast_signed(), &raw mut status, flags, usage.as_mut_ptr()) };
        match result {
            0 => return Ok(None),
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => {
                // SAFETY: zeroed is a valid rusage, and wait4 has filled it.
                let usage = unsafe { usage.assume_init() };
                return Ok(Some(Exit { status: exit_kind(status), usage: Some(resource_usage(&usage)) }));
            }
        }
    }
}

fn exit_kind(status: libc::c_int) -> ExitKind {
    if libc::WIFEXITED(status) {
        ExitKind::Code(libc::WEXITSTATUS(status))
    } else {
        let number = libc::WTERMSIG(status);
        ExitKind::Signal { number, name: signal::name_of(number), core_dumped: libc::WCOREDUMP(status) }
    }
}

fn resource_usage(usage: &libc::rusage) -> ResourceUsage {
    // Linux counts in KiB, macOS in bytes (getrusage(2) of each).
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    ResourceUsage {
        user_cpu_ms: millis(usage.ru_utime),
        system_cpu_ms: millis(usage.ru_stime),
        max_rss_bytes: Some(u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(unit)),
    }
}

/// The largest resident set that this process had so far, in bytes.
///
/// A spawned process shares its parent's memory until it executes its program, and Linux charges the peak of
/// that memory to the child. (macOS starts at zero.)
pub(super) fn own_max_rss() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to live, writable storage of the right type; zeroed is a valid value of it.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    resource_usage(&usage).max_rss_bytes
}

fn millis(time: libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(u64::try_from(time.tv_usec).unwrap_or(0) / 1000)
}
