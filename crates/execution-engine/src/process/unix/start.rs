//! What Unix adds to a command, and its spawn.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::child::Process;
use super::{guard, table};
use crate::process::spec::SpawnSpec;

/// Spawns the command in a process group of its own. Everything here keeps std on its `posix_spawn` path.
pub(in crate::process) fn start(mut command: Command, spec: &SpawnSpec) -> io::Result<Process> {
    guard::ensure();
    command.process_group(0);
    if let Some(arg0) = &spec.arg0 {
        command.arg0(arg0);
    }
    let pid = command.spawn()?.id();
    // Owned from here on, before anything can fail.
    Ok(Process::adopt(pid, table::look(pid).map(|info| info.start_time), spec.id))
}
