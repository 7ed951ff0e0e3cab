//! Spawns a process and takes ownership of it.

use std::io;

use super::child::Process;
use super::pipe::ChildEnd;
use super::{guard, os_spawn, table};
use crate::process::spec::SpawnSpec;

/// Spawns the process with these as its stdin, stdout and stderr.
pub(in crate::process) fn start(spec: &SpawnSpec, stdio: [ChildEnd; 3]) -> io::Result<Process> {
    guard::ensure();
    let pid = os_spawn::spawn(spec, stdio)?;
    // Owned from here on, before anything can fail.
    Ok(Process::adopt(pid, table::look(pid).map(|info| info.start_time), spec.id))
}
