//! Windows: queries a process through a handle.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

/// Units of 100 ns from 1601 to the start of a process; `None` if there is none, or it has ended.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    // SAFETY: no pointers; 0 means not inheritable.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE, 0, pid) };
    if handle.is_null() {
        return None;
    }
    // SAFETY: a handle that was just created and has no other owner.
    let process = unsafe { OwnedHandle::from_raw_handle(handle) };
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut ended, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is open and all four places are writable.
    let done = unsafe {
        GetProcessTimes(
            process.as_raw_handle(),
            &raw mut created,
            &raw mut ended,
            &raw mut kernel,
            &raw mut user,
        )
    };
    // SAFETY: the handle is open; 0 asks without waiting.
    let has_ended = unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_OBJECT_0 };
    let start = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
    (done != 0 && !has_ended).then_some(start)
}

/// Start times are absolute, so no boot id is needed.
pub(super) fn boot_id() -> Option<String> {
    None
}
