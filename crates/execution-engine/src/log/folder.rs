//! Writing in the log folder; [`execution_log::UserFolder`] keeps it safe.

use std::fs::File;
use std::io;

use execution_log::{LogFolder, LogLocation};

/// Opens the folder, and creates it if it is missing. Also says what its user should know about it.
pub(super) fn open_or_make(location: &LogLocation) -> io::Result<(LogFolder, Option<String>)> {
    location.open_or_create()
}

/// A new file for its owner only. An existing one, whatever it is, is an error.
pub(super) fn create(folder: &LogFolder, name: &str) -> io::Result<File> {
    folder.user_folder().create(name)
}

pub(crate) fn remove(folder: &LogFolder, name: &str) -> io::Result<()> {
    folder.user_folder().remove(name)
}

/// Whether the file has been deleted while open.
pub(super) fn is_deleted(file: &File) -> bool {
    #[cfg(unix)]
    return rustix::fs::fstat(file).is_ok_and(|stat| stat.st_nlink == 0);
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}
