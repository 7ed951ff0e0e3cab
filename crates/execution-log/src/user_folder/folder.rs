//! The folder, whatever the system.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::entry::Entry;
use super::unix::{self as os, Handle};
use crate::path_error::at;

/// A folder of this user, held open. Cheap to clone.
///
/// A file is looked at only if it is a regular file of this user, without further names (hard links).
/// Nothing else is opened for longer than it takes to find out, or waited for.
#[derive(Debug, Clone)]
pub struct UserFolder {
    path: PathBuf,
    handle: Handle,
}

impl UserFolder {
    /// Opens an existing folder. Never creates one.
    ///
    /// # Errors
    /// An error of the file system that names the folder: `PermissionDenied` if it belongs to another user,
    /// `InvalidInput` if it is a symbolic link. One on the way to it may be.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = absolute(path.as_ref())?;
        let handle = os::open(&path).map_err(|error| at(&path, explained(&path, error)))?;
        Ok(Self { path, handle })
    }

    /// Opens a folder, and creates it for its owner only if it is missing. An existing one keeps its
    /// permissions.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and if it cannot be created.
    pub fn open_or_create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = absolute(path.as_ref())?;
        let is_new = os::create(&path).map_err(|error| at(&path, error))?;
        let folder = Self::open(path)?;
        if is_new {
            // The permissions that new files get by default may have taken some of the owner's.
            folder.close_to_others()?;
        }
        Ok(folder)
    }

    /// Its path, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder to its owner only.
    ///
    /// # Errors
    /// An error of the file system.
    pub fn close_to_others(&self) -> io::Result<()> {
        self.handle.close_to_others().map_err(|error| at(&self.path, error))
    }

    /// How other users can put another folder in its place, if they can.
    #[must_use]
    pub fn exposure(&self) -> Option<String> {
        os::exposure(&self.path)
    }

    /// Whether the folder was deleted since it was opened.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.handle.is_deleted()
    }

    /// Whether a file has the name that could be opened: a regular file of this user, without further names.
    /// Opens none.
    #[must_use]
    pub fn has_file(&self, name: &str) -> bool {
        self.entry(name).is_ok()
    }

    /// Opens a file for reading. Neither follows a symbolic link nor waits for a FIFO or a device.
    ///
    /// # Errors
    /// An error of the file system that names the file: `InvalidInput` if it is no regular file,
    /// `PermissionDenied` if it belongs to another user or has further names.
    pub fn file(&self, name: &str) -> io::Result<File> {
        self.with(name, |handle| handle.file(name))
    }

    /// Creates a file for its owner only, for appending. Whatever already has the name is an error.
    ///
    /// # Errors
    /// An error of the file system that names the file.
    pub fn create(&self, name: &str) -> io::Result<File> {
        self.with(name, |handle| handle.create_file(name))
    }

    /// Opens an existing file for reading and appending, as [`file`](Self::file) does for reading.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn append(&self, name: &str) -> io::Result<File> {
        self.with(name, |handle| handle.append(name))
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// An error of the file system that names the file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.with(name, |handle| handle.remove(name))
    }

    /// An error with the path of the file it is about in its message. One that has a path stays as it is.
    #[must_use]
    pub fn named(&self, name: &str, error: io::Error) -> io::Error {
        at(&self.path.join(name), error)
    }

    /// All names in the folder that are text.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        self.handle.names().map_err(|error| at(&self.path, error))
    }

    /// A file's size and times, if it is one that would be opened.
    pub(crate) fn entry(&self, name: &str) -> io::Result<Entry> {
        self.with(name, |handle| handle.entry(name))
    }

    fn with<T>(&self, name: &str, act: impl FnOnce(&Handle) -> io::Result<T>) -> io::Result<T> {
        let is_name = Path::new(name).components().eq([Component::Normal(OsStr::new(name))]);
        let done = if is_name { act(&self.handle) } else { Err(io::ErrorKind::InvalidFilename.into()) };
        done.map_err(|error| self.named(name, error))
    }
}

/// Without a slash at the end, which would follow a link.
#[expect(clippy::disallowed_methods, reason = "an engine's is absolute; else this is the caller's thread")]
fn absolute(path: &Path) -> io::Result<PathBuf> {
    Ok(std::path::absolute(path).map_err(|error| at(path, error))?.components().collect())
}

/// The systems say of a link only that it is no folder.
fn explained(path: &Path, error: io::Error) -> io::Error {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a symbolic link, which another user may have put there: name the folder it points to",
        ),
        _ => error,
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for UserFolder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.handle.as_fd()
    }
}
