//! Unix: everything relative to the folder's descriptor.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fchmod, fstat, openat, statat, unlinkat};
use rustix::process::{getegid, geteuid};

use super::entry::{Entry, not_a_file};

const WRITABLE_BY_ALL: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
/// Only its owner can rename what is in such a folder.
const STICKY: u32 = 0o1000;

#[derive(Debug, Clone)]
pub(super) struct Handle(Arc<OwnedFd>);

pub(super) fn open(path: &Path) -> io::Result<Handle> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let descriptor = openat(CWD, path, flags, Mode::empty())?;
    is_ours(&fstat(&descriptor)?)?;
    Ok(Handle(Arc::new(descriptor)))
}

/// False if something with this name exists already.
pub(super) fn create(path: &Path) -> io::Result<bool> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn exposure(path: &Path) -> Option<String> {
    // Links on the way can be replaced where they are, and folders where the links lead.
    #[expect(clippy::disallowed_methods, reason = "the path is absolute")]
    let target = path.canonicalize().ok()?;
    let folders = path.ancestors().skip(1).chain(target.ancestors().skip(1));
    folders.filter_map(|folder| Some((folder, folder.metadata().ok()?))).find_map(|(folder, meta)| {
        let (owner, mode) = (meta.uid(), meta.mode());
        let folder = folder.display();
        // Root can do as it likes anyway.
        if owner != 0 && owner != geteuid().as_raw() {
            return Some(format!("{folder} belongs to another user (uid {owner})"));
        }
        let by_group = mode & WRITABLE_BY_GROUP != 0 && ![0, getegid().as_raw()].contains(&meta.gid());
        let is_open = (by_group || mode & WRITABLE_BY_ALL != 0) && mode & STICKY == 0;
        is_open.then(|| format!("other users may write to {folder}"))
    })
}

impl Handle {
    pub(super) fn close_to_others(&self) -> io::Result<()> {
        let permissions = Mode::from_raw_mode(fstat(&self.0)?.st_mode);
        if permissions.intersection(Mode::RWXU | Mode::RWXG | Mode::RWXO) != Mode::RWXU {
            fchmod(&self.0, Mode::RWXU)?;
        }
        Ok(())
    }

    pub(super) fn is_deleted(&self) -> bool {
        fstat(&self.0).is_ok_and(|stat| stat.st_nlink == 0)
    }

    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        self.existing(name, OFlags::RDONLY)
    }

    pub(super) fn append(&self, name: &str) -> io::Result<File> {
        self.existing(name, OFlags::RDWR | OFlags::APPEND)
    }

    fn existing(&self, name: &str, access: OFlags) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&self.0, name, access | flags, Mode::empty()).or_else(|error| {
            // Says what stands there, if it is no file of ours.
            self.entry(name)?;
            Err(io::Error::from(error))
        })?;
        is_a_file_of_ours(&fstat(&file)?)?;
        Ok(file.into())
    }

    pub(super) fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::APPEND | OFlags::WRONLY;
        Ok(openat(&self.0, name, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?.into())
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    pub(super) fn entry(&self, name: &str) -> io::Result<Entry> {
        let stat = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        is_a_file_of_ours(&stat)?;
        Ok(Entry { bytes: u64::try_from(stat.st_size).unwrap_or(0), modified: modified(&stat) })
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn is_ours(stat: &Stat) -> io::Result<()> {
    if stat.st_uid == geteuid().as_raw() {
        return Ok(());
    }
    let message = format!("it belongs to another user (uid {})", stat.st_uid);
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

fn is_a_file_of_ours(stat: &Stat) -> io::Result<()> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_a_file());
    }
    is_ours(stat)?;
    if stat.st_nlink > 1 {
        // Where the system allows it, anyone can give a file of ours a second name.
        let message = format!("it has {} names (hard links)", stat.st_nlink);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

fn modified(stat: &Stat) -> SystemTime {
    let age = (u64::try_from(stat.st_mtime), u32::try_from(stat.st_mtime_nsec));
    let since_1970 =
        if let (Ok(secs), Ok(nanos)) = age { Duration::new(secs, nanos) } else { Duration::ZERO };
    SystemTime::UNIX_EPOCH + since_1970
}
