//! Questions to one process by its id or handle.

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;

use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, QueryFullProcessImageNameW, TerminateProcess,
};

const LOOK: PROCESS_ACCESS_RIGHTS = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;

fn open(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> Option<OwnedHandle> {
    // SAFETY: no pointers; 0 means not inheritable.
    let handle = unsafe { OpenProcess(rights, 0, pid) };
    // SAFETY: a handle that was just created and has no other owner.
    (!handle.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Opens a process to query it.
pub(super) fn open_to_look(pid: u32) -> Option<OwnedHandle> {
    open(pid, LOOK)
}

/// Opens a process to end it. The handle pins the id, so what is learned through it stays true.
pub(super) fn open_to_end(pid: u32) -> Option<OwnedHandle> {
    open(pid, LOOK | PROCESS_TERMINATE)
}

/// The exit code of a process that has ended.
pub(super) fn exit_code(process: &OwnedHandle) -> Option<u32> {
    let mut code = 0;
    // SAFETY: the handle is open and the target writable.
    let done = unsafe { GetExitCodeProcess(process.as_raw_handle(), &raw mut code) };
    (done != 0).then_some(code)
}

pub(super) fn terminate(process: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    if unsafe { TerminateProcess(process.as_raw_handle(), 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Its file name, without the folder.
pub(super) fn name(pid: u32) -> Option<String> {
    let process = open_to_look(pid)?;
    let mut path = vec![0_u16; 32 * 1024];
    let mut length = u32::try_from(path.len()).ok()?;
    // SAFETY: the buffer is writable and of the length given; 0 asks for a Win32 path.
    let done =
        unsafe { QueryFullProcessImageNameW(process.as_raw_handle(), 0, path.as_mut_ptr(), &raw mut length) };
    if done == 0 {
        return None;
    }
    let path = OsString::from_wide(path.get(..usize::try_from(length).ok()?)?);
    Some(Path::new(&path).file_name()?.to_string_lossy().into_owned())
}
