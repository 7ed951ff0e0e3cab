//! [`LogFolder`]: an open folder of logs, and its files.
//!
//! Anyone can create a folder with a known name in a shared temporary folder beforehand. So the owner is
//! checked through the descriptor that is used from then on, and no symbolic link in the folder is followed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::beginning::Beginning;
use crate::names;

/// An open folder of logs, for reading. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogFolder {
    path: PathBuf,
    #[cfg(unix)]
    descriptor: std::sync::Arc<std::os::fd::OwnedFd>,
}

impl LogFolder {
    /// Opens an existing folder. Never creates one.
    ///
    /// # Errors
    /// An error of the file system; `PermissionDenied` if the folder belongs to another user.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::open_with(path.as_ref(), Links::Follow)
    }

    /// Like [`open`](Self::open), for a well-known path: it must not be a symbolic link.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and if it is a symbolic link.
    pub fn open_unlinked(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::open_with(path.as_ref(), Links::Refuse)
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The numbers of a log's existing parts, in order. Empty if there is no log. Other files with a part's
    /// name are passed over.
    #[must_use]
    pub fn parts(&self, id: Uuid) -> Vec<u32> {
        let mut parts = self.part_numbers(id);
        parts.retain(|part| Beginning::of(self.part(id, *part), id, *part).is_part(*part));
        parts
    }

    /// The numbers of the files with a part's name, in order. Opens none of them.
    pub(crate) fn part_numbers(&self, id: Uuid) -> Vec<u32> {
        let prefix = id.to_string();
        let names = self.path.read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut parts: Vec<_> =
            names.filter_map(|name| names::part_number(name.to_str()?.strip_prefix(&prefix)?)).collect();
        parts.sort_unstable();
        parts
    }

    pub(crate) fn part(&self, id: Uuid, part: u32) -> io::Result<File> {
        self.file(&names::part_name(id, part))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Links {
    Follow,
    Refuse,
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")
}

#[cfg(unix)]
mod os {
    use std::os::fd::{AsFd, BorrowedFd};
    use std::sync::Arc;

    use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};

    use super::{File, Links, LogFolder, Path, io, not_a_file};

    impl LogFolder {
        pub(super) fn open_with(path: &Path, links: Links) -> io::Result<Self> {
            let path = std::path::absolute(path)?;
            let mut flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
            if links == Links::Refuse {
                flags |= OFlags::NOFOLLOW;
            }
            let descriptor = openat(CWD, &path, flags, Mode::empty())?;
            if fstat(&descriptor)?.st_uid != rustix::process::geteuid().as_raw() {
                let message = format!("{} belongs to another user", path.display());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
            }
            Ok(Self { path, descriptor: Arc::new(descriptor) })
        }

        /// Opens a regular file for reading. Neither follows a symbolic link nor blocks on a FIFO.
        ///
        /// # Errors
        /// An error of the file system; `InvalidInput` if it is not a regular file.
        pub fn file(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
            let file = openat(&self.descriptor, name, flags, Mode::empty())?;
            match FileType::from_raw_mode(fstat(&file)?.st_mode) {
                FileType::RegularFile => Ok(file.into()),
                _ => Err(not_a_file()),
            }
        }
    }

    impl AsFd for LogFolder {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.descriptor.as_fd()
        }
    }
}

#[cfg(not(unix))]
mod os {
    use super::{File, Links, LogFolder, Path, io, not_a_file};

    impl LogFolder {
        /// Here, inherited access control already restricts a user's temporary folder to that user.
        pub(super) fn open_with(path: &Path, _: Links) -> io::Result<Self> {
            let path = std::path::absolute(path)?;
            if !std::fs::metadata(&path)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Ok(Self { path })
        }

        /// Opens a regular file for reading.
        ///
        /// # Errors
        /// An error of the file system; `InvalidInput` if it is not a regular file.
        pub fn file(&self, name: &str) -> io::Result<File> {
            let path = self.path.join(name);
            if !std::fs::symlink_metadata(&path)?.is_file() {
                return Err(not_a_file());
            }
            File::open(path)
        }
    }
}
