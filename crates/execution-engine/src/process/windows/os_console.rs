//! Whether the host has a console, and the Ctrl-Break sent over it.

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent, GetConsoleCP};

/// A host without a console gives its children hidden ones of their own, which a Ctrl-Break cannot reach.
pub(super) fn has_console() -> bool {
    // SAFETY: no arguments. 0 means that there is no console.
    unsafe { GetConsoleCP() != 0 }
}

/// Sends Ctrl-Break to the process group that `pid` leads. `false`: it could not be sent.
pub(super) fn send_ctrl_break(pid: u32) -> bool {
    // SAFETY: no pointers.
    unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, pid) != 0 }
}
