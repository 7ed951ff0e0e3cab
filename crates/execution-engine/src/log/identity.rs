//! [`FileIdentity`]: whether a name still names what was opened by it.
//!
//! Others rename, replace and delete files while they are written: logrotate, a cleaner of temporary files, a
//! user. The descriptor stays good, so no write fails: only a look at the name shows it.

use std::path::Path;

pub(super) use os::{FileIdentity, is_deleted};

/// What is said of files that no longer have their names.
pub(super) fn moved(paths: &[impl AsRef<Path>]) -> String {
    let first = paths.first().map(|path| path.as_ref().display().to_string()).unwrap_or_default();
    let others = match paths.len() {
        0 | 1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    format!("{first}{others} was renamed, replaced or deleted while it was written")
}

#[cfg(unix)]
mod os {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::fstat;

    /// Device and inode. No other file has them as long as this one is open.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct FileIdentity(u64, u64);

    impl FileIdentity {
        #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "their types vary by system")]
        pub(crate) fn of(file: impl AsFd) -> io::Result<Self> {
            let stat = fstat(file)?;
            Ok(Self(stat.st_dev as u64, stat.st_ino as u64))
        }

        /// Whether this file has the name. A link to it does not count.
        pub(crate) fn is_at(self, path: &Path) -> bool {
            path.symlink_metadata().is_ok_and(|meta| Self(meta.dev(), meta.ino()) == self)
        }

        /// Whether this folder has the name, perhaps through a link.
        pub(crate) fn is_folder_at(self, path: &Path) -> bool {
            path.metadata().is_ok_and(|meta| Self(meta.dev(), meta.ino()) == self)
        }
    }

    /// Whether the file was deleted while it was open.
    pub(crate) fn is_deleted(file: &File) -> bool {
        fstat(file).is_ok_and(|stat| stat.st_nlink == 0)
    }
}

#[cfg(not(unix))]
mod os {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    /// Here, only the absence of a file is noticed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct FileIdentity;

    impl FileIdentity {
        #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
        pub(crate) fn of<T>(_: T) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn is_at(self, path: &Path) -> bool {
            path.symlink_metadata().is_ok()
        }

        pub(crate) fn is_folder_at(self, path: &Path) -> bool {
            path.is_dir()
        }
    }

    pub(crate) fn is_deleted(_: &File) -> bool {
        false
    }
}
