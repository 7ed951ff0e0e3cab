//! Errors of the file system that say which file or folder they are about.

use std::path::{Path, PathBuf};
use std::{error, fmt, io};

/// An error, and the file or folder it is about.
#[derive(Debug)]
struct PathError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl error::Error for PathError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The error with the path in its message. Its kind stays the same; what names a path already stays as it is.
pub(crate) fn at(path: &Path, error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(<dyn error::Error + Send + Sync>::is::<PathError>) {
        return error;
    }
    io::Error::new(error.kind(), PathError { path: path.to_owned(), source: error })
}
