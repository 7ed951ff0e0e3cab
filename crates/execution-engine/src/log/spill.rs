//! [`Spill`]: the file with all of a stream, and [`LoneSpills`], those that have no log beside them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;

use execution_log::names::spill_name;
use execution_log::{LogFolder, OutputStream};
use uuid::Uuid;

use super::folder;
use crate::result::OutputFiles;
use crate::sync::lock;

/// The file with all of a stream.
#[derive(Default)]
pub(super) enum Spill {
    #[default]
    None,
    Open(File),
    /// It ends where a write failed: a file with a gap would look complete.
    Failed,
}

impl Spill {
    /// Appends to the file, which the first call creates. Records in `files` where it is.
    pub(super) fn write(
        &mut self,
        folder: &LogFolder,
        (id, stream): (Uuid, OutputStream),
        bytes: &[u8],
        files: &mut OutputFiles,
    ) -> io::Result<()> {
        if matches!(self, Self::None) {
            let name = spill_name(id, stream);
            *self = Self::Open(folder::create(folder, &name)?);
            let path = Some(folder.path().join(name));
            match stream {
                OutputStream::Stdout => files.stdout = path,
                OutputStream::Stderr => files.stderr = path,
            }
        }
        match self {
            Self::Open(file) => file.write_all(bytes),
            Self::None | Self::Failed => Ok(()),
        }
    }
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
