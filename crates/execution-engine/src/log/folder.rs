//! The folder of the logs: its owner's alone, verified and not assumed.
//!
//! A folder with a known name in a shared temporary folder can be made by anybody beforehand. So:
//! files are opened relative to a descriptor of a folder that was looked at through that descriptor,
//! created exclusively, and never through a symbolic link.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Its name in the system's temporary folder.
const DEFAULT_NAME: &str = "cloudops-executions";

/// An open folder for logs.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// Why this is not the folder one would expect.
    pub(crate) notice: Option<String>,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

impl Folder {
    /// Opens the configured folder, or the default one: where that belongs to somebody else, a
    /// folder of this user's beside it.
    ///
    /// A configured folder that was there before keeps its permissions: it may serve other purposes,
    /// and the files in it are for their owner alone in any case.
    pub(crate) fn open(configured: Option<&Path>) -> io::Result<Self> {
        if let Some(path) = configured {
            return Self::open_at(path, Kind::Configured);
        }
        let default = std::env::temp_dir().join(DEFAULT_NAME);
        Self::open_at(&default, Kind::Default).or_else(|error| {
            let own = default.with_file_name(format!("{DEFAULT_NAME}-{}", user_name()));
            let notice = format!(
                "logs go to {}, because {} cannot be used: {error}",
                own.display(),
                default.display()
            );
            Ok(Self { notice: Some(notice), ..Self::open_at(&own, Kind::Default)? })
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Known by name to everybody on the machine.
    Default,
    Configured,
}

#[cfg(unix)]
mod os {
    use std::fs::{DirBuilder, TryLockError};
    use std::os::unix::fs::DirBuilderExt;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, fstat, openat, unlinkat};

    use super::{File, Folder, Kind, Path, io};

    const OWNER_ONLY: Mode = Mode::RWXU;

    impl Folder {
        pub(super) fn open_at(path: &Path, kind: Kind) -> io::Result<Self> {
            let path = std::path::absolute(path)?;
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let created = match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                Err(error) => return Err(error),
            };
            let mut flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
            if kind == Kind::Default {
                flags |= OFlags::NOFOLLOW;
            }
            let descriptor = openat(CWD, &path, flags, Mode::empty())?;
            let stat = fstat(&descriptor)?;
            if stat.st_uid != rustix::process::geteuid().as_raw() {
                let message = format!("{} belongs to another user", path.display());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
            }
            let is_open = Mode::from_raw_mode(stat.st_mode).intersects(Mode::RWXG | Mode::RWXO);
            // What others planted in an open folder before is never followed.
            if created || (kind == Kind::Default && is_open) {
                fchmod(&descriptor, OWNER_ONLY)?;
            }
            Ok(Self { path, notice: None, descriptor })
        }

        /// A new file for its owner alone. One that is there already, whatever it is, is an error.
        pub(crate) fn create(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::APPEND | OFlags::WRONLY;
            Ok(openat(&self.descriptor, name, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?.into())
        }

        /// An existing file of ours, to add to.
        pub(crate) fn append(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::NOFOLLOW | OFlags::APPEND | OFlags::RDWR | OFlags::CLOEXEC;
            Ok(openat(&self.descriptor, name, flags, Mode::empty())?.into())
        }

        pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
            Ok(unlinkat(&self.descriptor, name, AtFlags::empty())?)
        }
    }

    pub(super) fn user_name() -> String {
        rustix::process::geteuid().as_raw().to_string()
    }

    /// Holds a file that is being written, for as long as it is open. A program in another container has
    /// another view of process ids, and a lock is all that it sees. (Where the file system has none, process
    /// ids must do.)
    pub(crate) fn hold(file: &File) {
        let _ = file.try_lock();
    }

    /// Whether somebody [holds](hold) a file.
    pub(crate) fn is_held(file: &File) -> bool {
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Whether the file has no name any more: deleted while it was written.
    pub(crate) fn is_deleted(file: &File) -> bool {
        fstat(file).is_ok_and(|stat| stat.st_nlink == 0)
    }
}

#[cfg(not(unix))]
mod os {
    use super::{File, Folder, Kind, Path, io};

    impl Folder {
        /// A user's temporary folder is that user's alone here, by inherited access control.
        pub(super) fn open_at(path: &Path, _: Kind) -> io::Result<Self> {
            std::fs::create_dir_all(path)?;
            Ok(Self { path: std::path::absolute(path)?, notice: None })
        }

        pub(crate) fn create(&self, name: &str) -> io::Result<File> {
            File::options().append(true).create_new(true).open(self.path.join(name))
        }

        pub(crate) fn append(&self, name: &str) -> io::Result<File> {
            File::options().append(true).read(true).open(self.path.join(name))
        }

        pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
            std::fs::remove_file(self.path.join(name))
        }
    }

    pub(super) fn user_name() -> String {
        std::env::var("USERNAME").unwrap_or_else(|_| "user".to_owned())
    }

    /// Locks keep readers out here, so nothing is locked: no containers share a folder, and process ids do.
    pub(crate) fn hold(_: &File) {}

    pub(crate) fn is_held(_: &File) -> bool {
        false
    }

    pub(crate) fn is_deleted(_: &File) -> bool {
        false
    }
}

use os::user_name;
pub(crate) use os::{hold, is_deleted, is_held};
