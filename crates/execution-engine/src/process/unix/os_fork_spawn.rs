//! The spawn where `posix_spawn` cannot enter a working folder: glibc before 2.29, macOS before 10.15.
//!
//! std forks there in any case, so code between fork and exec costs nothing more.

use std::io;
use std::os::unix::process::CommandExt;

use super::os_calls::change_mask;
use super::pipe::ChildEnd;
use crate::process::spec::SpawnSpec;

/// The same as [`os_spawn::spawn`](super::os_spawn::spawn).
pub(super) fn spawn(spec: &SpawnSpec, ends: [ChildEnd; 3]) -> io::Result<u32> {
    let mut command = spec.command(ends);
    command.arg0(spec.arg0.as_deref().unwrap_or(spec.program.as_os_str()));
    // SAFETY: runs between fork and exec, and makes only calls that are allowed there: they are
    // async-signal-safe and allocate nothing.
    unsafe { command.pre_exec(lead_a_session) };
    Ok(command.spawn()?.id())
}

fn lead_a_session() -> io::Result<()> {
    rustix::process::setsid()?;
    for signal in 1..=64 {
        // SAFETY: sets a disposition to its default, which replaces no handler of this process image; where
        // there is no such signal, nothing happens.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    change_mask(libc::SIG_SETMASK, &[]);
    Ok(())
}
