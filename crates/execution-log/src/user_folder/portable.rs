//! Other systems: by path. Inherited access control already restricts a user's folders to that user.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry::{Entry, not_a_file};

#[derive(Debug, Clone)]
pub(super) struct Handle(PathBuf);

pub(super) fn open(path: &Path) -> io::Result<Handle> {
    if !path.symlink_metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(Handle(path.to_owned()))
}

/// False if something with this name exists already.
pub(super) fn create(path: &Path) -> io::Result<bool> {
    let exists = path.symlink_metadata().is_ok();
    if !exists {
        std::fs::create_dir_all(path)?;
    }
    Ok(!exists)
}

pub(super) fn exposure(_: &Path) -> Option<String> {
    None
}

impl Handle {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
    pub(super) fn close_to_others(&self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn is_deleted(&self) -> bool {
        !self.0.is_dir()
    }

    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        self.entry(name)?;
        File::open(self.0.join(name))
    }

    pub(super) fn append(&self, name: &str) -> io::Result<File> {
        self.entry(name)?;
        File::options().append(true).read(true).open(self.0.join(name))
    }

    pub(super) fn create_file(&self, name: &str) -> io::Result<File> {
        File::options().append(true).create_new(true).open(self.0.join(name))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }

    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = self.0.read_dir()?;
        entries
            .filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose())
            .collect()
    }

    pub(super) fn entry(&self, name: &str) -> io::Result<Entry> {
        let meta = self.0.join(name).symlink_metadata()?;
        if !meta.is_file() {
            return Err(not_a_file());
        }
        Ok(Entry { bytes: meta.len(), modified: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH) })
    }
}
