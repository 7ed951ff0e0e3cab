//! What Windows adds to a command, and its spawn.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::os::windows::process::CommandExt;
use std::process::Command;

use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::child::Process;
use super::os_console::has_console;
use super::os_resume::resume;
use crate::process::spec::SpawnSpec;

/// Creates the process suspended, puts it into its job, and lets it run.
pub(in crate::process) fn start(mut command: Command, spec: &SpawnSpec) -> io::Result<Process> {
    // On the host's console, a Ctrl-Break reaches the child; without one, no window must appear.
    let on_our_console = has_console();
    let window = if on_our_console { 0 } else { CREATE_NO_WINDOW };
    command.creation_flags(CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | window);
    if let Some(tail) = &spec.raw_tail {
        command.raw_arg(tail);
    }
    let child = command.spawn()?;
    let pid = child.id();
    // Owned from here on: any failure now ends it, suspended or not.
    let process = Process::adopt(pid, OwnedHandle::from(child), on_our_console);
    resume(pid)?;
    Ok(process)
}
