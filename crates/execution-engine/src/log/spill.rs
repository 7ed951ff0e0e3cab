//! [`Spill`]: the file of a whole stream, and [`LoneSpills`], those that have no log beside them.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use uuid::Uuid;

use super::free_space::FreeSpace;
use super::identity::{FileIdentity, is_deleted, moved};
use super::job::StoredFile;
use crate::sync::lock;

/// The file of one stream. It ends where writing failed: a file with a gap would look complete.
#[derive(Default)]
pub(super) struct Spill {
    file: Option<SpillFile>,
    /// Why there is no file, or not all of the stream is in it.
    trouble: Option<String>,
}

pub(super) struct SpillFile {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl Spill {
    /// The file, which the first call creates, or why nothing is written to it.
    pub(super) fn open(
        &mut self,
        create: impl FnOnce() -> Result<(File, PathBuf), String>,
    ) -> Result<&mut SpillFile, String> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => create()
                .map(|(file, path)| SpillFile { file, path, bytes: 0 })
                .map_err(|why| format!("output is not in its file: {why}"))?,
        };
        Ok(self.file.insert(file))
    }

    /// Nothing is written from now on. False if that was known.
    pub(super) fn fail(&mut self, trouble: &str) -> bool {
        let is_new = self.trouble.is_none();
        self.trouble.get_or_insert_with(|| trouble.to_owned());
        is_new
    }

    /// Where the file is, if it is there, and everything that went wrong.
    pub(super) fn end(self) -> (Option<StoredFile>, Option<String>) {
        let Self { file, trouble } = self;
        match file {
            Some(SpillFile { file, path, .. }) if is_moved(&file, &path) => {
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

impl SpillFile {
    /// Appends as much as may be written, or says why that is not everything.
    pub(super) fn append(
        &mut self,
        bytes: &[u8],
        max: u64,
        free_space: &mut FreeSpace,
    ) -> Result<(), String> {
        let path = self.path.display();
        if is_deleted(&self.file) {
            return Err(format!("{path} was deleted while it was written"));
        }
        let wanted = (bytes.len() as u64).min(max - self.bytes);
        let allowed = free_space.grant(&self.file, self.path.parent().unwrap_or(&self.path), wanted);
        self.bytes += allowed;
        let count = usize::try_from(allowed).unwrap_or(usize::MAX);
        self.file
            .write_all(&bytes[..count])
            .map_err(|error| format!("output is not in its file {path} from here on: {error}"))?;
        if count == bytes.len() {
            return Ok(());
        }
        let why = if allowed == wanted {
            "which is `max_spill_bytes`".to_owned()
        } else {
            format!(
                "because its disk would have less than {} bytes free (`min_free_bytes`)",
                free_space.to_keep()
            )
        };
        Err(format!("{path} ends after {} bytes, {why}; the command goes on", self.bytes))
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
