//! The spawn: std's, suspended.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::os::windows::process::CommandExt;
use std::process::Stdio;

use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::child::Process;
use super::os_console::has_console;
use super::os_resume::resume;
use crate::process::spec::SpawnSpec;

/// Creates the process suspended, with these as its stdin, stdout and stderr, puts it into its job, and lets
/// it run.
pub(in crate::process) fn start(spec: &SpawnSpec, stdio: [Stdio; 3]) -> io::Result<Process> {
    let mut command = spec.command(stdio);
    // On the host's console, a Ctrl-Break reaches the child; without one, no window must appear.
    let on_our_console = has_console();
    let window = if on_our_console { 0 } else { CREATE_NO_WINDOW };
    command.creation_flags(CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | window);
    if let Some(tail) = &spec.raw_tail {
        command.raw_arg(tail);
    }
    let child = command.spawn()?;
    // It holds copies of the child's pipe ends.
    drop(command);
    let pid = child.id();
    // Owned from here on: any failure now ends it, suspended or not.
    let process = Process::adopt(pid, OwnedHandle::from(child), on_our_console);
    resume(pid)?;
    Ok(process)
}
