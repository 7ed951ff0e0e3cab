//! [`Spill`]: the file of a whole stream, and [`LoneSpills`], those that have no log beside them.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use uuid::Uuid;

use super::folder::is_deleted;
use super::identity::{FileIdentity, moved};
use super::job::StoredFile;
use crate::sync::lock;

/// The file of one stream. It ends where writing failed: a file with a gap would look complete.
#[derive(Default)]
pub(super) struct Spill {
    file: Option<SpillFile>,
    /// Why there is no file, or not all of the stream is in it.
    trouble: Option<String>,
}

struct SpillFile {
    file: File,
    path: PathBuf,
}

impl Spill {
    /// Appends to the file, which the first call creates. Returns what went wrong, once.
    pub(super) fn write(
        &mut self,
        create: impl FnOnce() -> Result<(File, PathBuf), String>,
        bytes: &[u8],
    ) -> Option<String> {
        if self.trouble.is_none() {
            self.trouble = self.try_write(create, bytes).err();
            return self.trouble.clone();
        }
        None
    }

    fn try_write(
        &mut self,
        create: impl FnOnce() -> Result<(File, PathBuf), String>,
        bytes: &[u8],
    ) -> Result<(), String> {
        if self.file.is_none() {
            let (file, path) = create().map_err(|why| format!("output is not in its file: {why}"))?;
            self.file = Some(SpillFile { file, path });
        }
        let Some(SpillFile { file, path }) = &mut self.file else { return Ok(()) };
        if is_deleted(file) {
            return Err(format!("{} was deleted while it was written", path.display()));
        }
        file.write_all(bytes)
            .map_err(|error| format!("output is not in its file {} from here on: {error}", path.display()))
    }

    /// Where the file is, if it is there, and everything that went wrong.
    pub(super) fn end(self) -> (Option<StoredFile>, Option<String>) {
        let Self { file, trouble } = self;
        match file {
            Some(SpillFile { file, path }) if is_moved(&file, &path) => {
                (None, trouble.or_else(|| Some(moved(&[path]))))
            }
            file => {
                (file.map(|SpillFile { path, .. }| StoredFile { path, is_whole: trouble.is_none() }), trouble)
            }
        }
    }

    pub(super) fn has_trouble(&self) -> bool {
        self.trouble.is_some()
    }
}

fn is_moved(file: &File, path: &Path) -> bool {
    FileIdentity::of(file).is_ok_and(|identity| !identity.is_at(path))
}

/// Executions that have such files and no log. Only this engine knows that the files are its own: to others,
/// a name proves nothing.
#[derive(Debug, Default)]
pub(crate) struct LoneSpills(Mutex<HashSet<Uuid>>);

impl LoneSpills {
    pub(super) fn add(&self, id: Uuid) {
        lock(&self.0).insert(id);
    }

    pub(crate) fn contains(&self, id: Uuid) -> bool {
        lock(&self.0).contains(&id)
    }

    pub(crate) fn remove(&self, id: Uuid) {
        lock(&self.0).remove(&id);
    }
}
