//! macOS: `proc_pidinfo` and `sysctl`.

use std::ffi::{CStr, c_int, c_void};
use std::mem::{MaybeUninit, size_of};

/// Microseconds from 1970 to the start of a process; `None` if there is none, or only a zombie.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let info = bsd_info(pid)?;
    (info.pbi_status != libc::SZOMB).then(|| start_time_in(&info))
}

/// When the process started, in the unit of [`start_time`].
#[doc(hidden)]
#[must_use]
pub fn start_time_in(info: &libc::proc_bsdinfo) -> u64 {
    info.pbi_start_tvsec.saturating_mul(1_000_000).saturating_add(info.pbi_start_tvusec)
}

/// What the system knows of a process.
#[doc(hidden)]
#[must_use]
pub fn bsd_info(pid: u32) -> Option<libc::proc_bsdinfo> {
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = c_int::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: the buffer is writable, of the size given, and of the type this flavor fills.
    let filled = unsafe {
        libc::proc_pidinfo(
            pid.cast_signed(),
            libc::PROC_PIDTBSDINFO,
            0,
            info.as_mut_ptr().cast::<c_void>(),
            size,
        )
    };
    if filled != size {
        return None;
    }
    // SAFETY: filled in full, as the size says; and zeroed is a valid value already.
    Some(unsafe { info.assume_init() })
}

pub(super) fn boot_id() -> Option<String> {
    let name: &CStr = c"kern.bootsessionuuid";
    let mut id = [0_u8; 64];
    let mut size = id.len();
    // SAFETY: the name ends in a NUL; the buffer is writable and of the size given.
    let filled = unsafe {
        libc::sysctlbyname(
            name.as_ptr(),
            id.as_mut_ptr().cast::<c_void>(),
            &raw mut size,
            std::ptr::null_mut(),
            0,
        )
    };
    let text = CStr::from_bytes_until_nul(&id).ok()?.to_str().ok()?;
    (filled == 0 && !text.is_empty()).then(|| text.to_owned())
}
