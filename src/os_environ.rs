//! The C library's own list of environment variables.

use std::ffi::{CStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Whether the process has exactly these variables, in this order. Allocates nothing: about half a
/// microsecond, a sixth of what it takes to read them.
///
/// # Safety
/// Nothing changes the environment meanwhile.
pub unsafe fn is_same(variables: &[(OsString, OsString)]) -> bool {
    // SAFETY: the caller's promise. The list is null, or it ends with a null.
    unsafe {
        let mut entry = environ;
        if entry.is_null() {
            return variables.is_empty();
        }
        for (name, value) in variables {
            if (*entry).is_null() || !is(CStr::from_ptr(*entry).to_bytes(), name.as_bytes(), value.as_bytes())
            {
                return false;
            }
            entry = entry.add(1);
        }
        (*entry).is_null()
    }
}

fn is(entry: &[u8], name: &[u8], value: &[u8]) -> bool {
    entry.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"=")) == Some(value)
}
