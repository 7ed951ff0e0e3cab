//! Writing in the log folder: created for its owner only, and verified instead of trusted.
//!
//! Anyone can create a folder with a known name in a shared temporary folder beforehand. So files are created
//! exclusively, relative to a descriptor of a folder that was checked through that descriptor, and never
//! through a symbolic link.

use std::io;
use std::path::Path;

use execution_log::{LogFolder, LogLocation};

/// Opens the folder, and creates it if it is missing. If it is not the expected one, also says why.
///
/// A configured folder that existed before keeps its permissions: it may serve other purposes, and the files
/// in it are for their owner only in any case.
pub(super) fn open_or_make(location: &LogLocation) -> io::Result<(LogFolder, Option<String>)> {
    match location {
        LogLocation::Configured(path) => Ok((open_at(path, Kind::Configured)?, None)),
        LogLocation::Default { shared, own } => match open_at(shared, Kind::Default) {
            Ok(folder) => Ok((folder, None)),
            Err(error) => {
                let folder = open_at(own, Kind::Default)?;
                let (own, shared) = (own.display(), shared.display());
                Ok((folder, Some(format!("logs go to {own}, because {shared} cannot be used: {error}"))))
            }
        },
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name that is known on the whole machine.
    Default,
    Configured,
}

impl Kind {
    fn open(self, path: &Path) -> io::Result<LogFolder> {
        match self {
            Self::Default => LogFolder::open_unlinked(path),
            Self::Configured => LogFolder::open(path),
        }
    }
}

#[cfg(unix)]
mod os {
    use std::fs::{DirBuilder, File};
    use std::io;
    use std::os::unix::fs::DirBuilderExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, Mode, OFlags, fchmod, fstat, openat, unlinkat};

    use super::{Kind, LogFolder};

    pub(super) fn open_at(path: &Path, kind: Kind) -> io::Result<LogFolder> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let created = match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        let folder = kind.open(path)?;
        let is_open = Mode::from_raw_mode(fstat(&folder)?.st_mode).intersects(Mode::RWXG | Mode::RWXO);
        // Files planted earlier in an open folder are never followed.
        if created || (kind == Kind::Default && is_open) {
            fchmod(&folder, Mode::RWXU)?;
        }
        Ok(folder)
    }

    /// A new file for its owner only. An existing one, whatever it is, is an error.
    pub(crate) fn create(folder: &LogFolder, name: &str) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::APPEND | OFlags::WRONLY;
        Ok(openat(folder, name, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// An existing file of ours, for appending.
    pub(crate) fn append(folder: &LogFolder, name: &str) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::APPEND | OFlags::RDWR | OFlags::CLOEXEC;
        Ok(openat(folder, name, flags, Mode::empty())?.into())
    }

    pub(crate) fn remove(folder: &LogFolder, name: &str) -> io::Result<()> {
        Ok(unlinkat(folder, name, AtFlags::empty())?)
    }

    /// Whether the file has been deleted while open.
    pub(crate) fn is_deleted(file: &File) -> bool {
        fstat(file).is_ok_and(|stat| stat.st_nlink == 0)
    }
}

#[cfg(not(unix))]
mod os {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use super::{Kind, LogFolder};

    /// Here, inherited access control already restricts a user's temporary folder to that user.
    pub(super) fn open_at(path: &Path, kind: Kind) -> io::Result<LogFolder> {
        std::fs::create_dir_all(path)?;
        kind.open(path)
    }

    pub(crate) fn create(folder: &LogFolder, name: &str) -> io::Result<File> {
        File::options().append(true).create_new(true).open(folder.path().join(name))
    }

    pub(crate) fn append(folder: &LogFolder, name: &str) -> io::Result<File> {
        File::options().append(true).read(true).open(folder.path().join(name))
    }

    pub(crate) fn remove(folder: &LogFolder, name: &str) -> io::Result<()> {
        std::fs::remove_file(folder.path().join(name))
    }

    pub(crate) fn is_deleted(_: &File) -> bool {
        false
    }
}

use os::open_at;
pub(crate) use os::remove;
pub(super) use os::{append, create, is_deleted};
