//! [`ExecStrings`]: arguments or an environment, as `execve` takes them.

use std::ffi::{OsStr, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Strings one after another in one allocation, each with a NUL at its end.
#[derive(Debug, Default)]
pub(super) struct ExecStrings {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl ExecStrings {
    /// Adds one string, given in parts.
    ///
    /// # Errors
    /// If the string contains a NUL, which would cut it off.
    pub(super) fn push(&mut self, parts: &[&OsStr]) -> io::Result<()> {
        let start = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        if memchr::memchr(0, &self.bytes[start..]).is_some() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a nul byte is in an argument or a variable",
            ));
        }
        self.bytes.push(0);
        self.starts.push(start);
        Ok(())
    }

    /// The address of each string, then a null pointer. Valid until the next `push`.
    pub(super) fn pointers(&self) -> Vec<*mut c_char> {
        let address = |&start: &usize| self.bytes[start..].as_ptr().cast::<c_char>().cast_mut();
        self.starts.iter().map(address).chain([std::ptr::null_mut()]).collect()
    }
}
