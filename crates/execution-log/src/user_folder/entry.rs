//! [`Entry`]: a file of this user, before it is opened.

use std::io;
use std::time::SystemTime;

/// A file of this user in a folder of this user.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

pub(super) fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}
