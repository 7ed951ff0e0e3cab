//! Windows' own count of what is free.

use std::iter::once;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;

/// What is free for this user on a folder's disk, in bytes.
pub(super) fn available(folder: &Path) -> Option<u64> {
    let path: Vec<u16> = folder.as_os_str().encode_wide().chain(once(0)).collect();
    let mut available = 0;
    // SAFETY: the path ends with a NUL, and `available` outlives the call; what is null is not wanted.
    let succeeded = unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut available, null_mut(), null_mut()) };
    (succeeded != 0).then_some(available)
}
