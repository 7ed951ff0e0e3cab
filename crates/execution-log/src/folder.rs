//! [`LogFolder`]: an open folder of logs, and its files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::beginning::Beginning;
use crate::format::{Line, MAX_LINE, parse};
use crate::header::LogHeader;
use crate::names;
use crate::user_folder::UserFolder;

/// An open folder of logs. Cheap to clone.
///
/// Only files of this user are logs: see [`UserFolder`].
#[derive(Debug, Clone)]
pub struct LogFolder {
    files: UserFolder,
}

impl LogFolder {
    /// Opens an existing folder. Never creates one.
    ///
    /// # Errors
    /// As for [`UserFolder::open`].
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        UserFolder::open(path).map(Self::from)
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// The folder and its files, whatever they are.
    #[must_use]
    pub fn user_folder(&self) -> &UserFolder {
        &self.files
    }

    /// The numbers of a log's existing parts, in order. Empty if there is no log. Other files with a part's
    /// name are passed over.
    #[must_use]
    pub fn parts(&self, id: Uuid) -> Vec<u32> {
        let mut parts = self.part_numbers(id);
        let started_at = self.started_at(id, &parts);
        parts.retain(|part| Beginning::of(self.part(id, *part), id, *part, started_at).is_part(*part));
        parts
    }

    /// The numbers of this user's files with a part's name, in order. Opens none of them.
    pub(crate) fn part_numbers(&self, id: Uuid) -> Vec<u32> {
        let prefix = id.to_string();
        let mut names = self.files.names().unwrap_or_default();
        names.retain(|name| name.starts_with(&prefix) && self.files.has_file(name));
        let mut parts: Vec<_> =
            names.iter().filter_map(|name| names::part_number(&name[names::ID_LEN..])).collect();
        parts.sort_unstable();
        parts
    }

    /// When the execution started, as the first part says. Looked up only if there are later parts, which
    /// must agree.
    pub(crate) fn started_at(&self, id: Uuid, parts: &[u32]) -> Option<DateTime<Utc>> {
        parts.last().filter(|last| **last > 1)?;
        self.header(id, 1).ok().flatten().map(|header| header.started_at)
    }

    /// The first line of a part, if it is a header.
    pub(crate) fn header(&self, id: Uuid, part: u32) -> io::Result<Option<LogHeader>> {
        let mut line = Vec::new();
        BufReader::new(self.part(id, part)?).take(MAX_LINE).read_until(b'\n', &mut line)?;
        Ok(match parse(line.strip_suffix(b"\n").unwrap_or(&line)) {
            Line::Header(header) => Some(*header),
            _ => None,
        })
    }

    pub(crate) fn part(&self, id: Uuid, part: u32) -> io::Result<File> {
        self.files.file(&names::part_name(id, part))
    }
}

impl From<UserFolder> for LogFolder {
    fn from(files: UserFolder) -> Self {
        Self { files }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for LogFolder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.files.as_fd()
    }
}
