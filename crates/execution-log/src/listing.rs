//! What is on disk: the files of each execution in a folder. Only files with a log's name are considered, and
//! of those only real logs count as one.

use std::collections::BTreeMap;
use std::io;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::beginning::Beginning;
use crate::files::{LogFiles, LogPart, OutputFile};
use crate::folder::LogFolder;
use crate::inspect::{LogInfo, Look};
use crate::names::{self, part_name, spill_name};
use crate::path_error::at;
use crate::user_folder::Entry;

impl LogFolder {
    /// The logs in this folder, oldest first. Damaged ones are included, and hide no others.
    ///
    /// # Errors
    /// An error of the file system, if the folder cannot be listed.
    pub fn logs(&self) -> io::Result<Vec<LogInfo>> {
        let mut logs: Vec<_> = self.files()?.iter().filter_map(|files| files.inspect(self)).collect();
        logs.sort_by_cached_key(|log| {
            (log.header.as_ref().map_or(log.modified, |header| header.started_at), log.id)
        });
        Ok(logs)
    }

    /// One log.
    ///
    /// # Errors
    /// An error of the file system; `NotFound` if there is no such log.
    pub fn log(&self, id: Uuid) -> io::Result<LogInfo> {
        let files = self.files()?.into_iter().find(|files| files.id == id);
        files
            .and_then(|files| files.inspect(self))
            .ok_or_else(|| at(&self.path().join(part_name(id, 1)), io::ErrorKind::NotFound.into()))
    }

    /// The files of this user in this folder that have a log's name, by execution. Opens none of them.
    ///
    /// # Errors
    /// An error of the file system, if the folder cannot be listed.
    pub fn files(&self) -> io::Result<Vec<LogFiles>> {
        let mut all = BTreeMap::new();
        for name in self.user_folder().names()? {
            let Some(id) = names::owner(&name) else { continue };
            // Of another user, a link, or removed meanwhile.
            let Ok(Entry { bytes, modified }) = self.user_folder().entry(&name) else { continue };
            let path = self.path().join(&name);
            let files = all.entry(id).or_insert_with(|| LogFiles::new(id));
            files.bytes += bytes;
            files.modified = files.modified.max(modified);
            let rest = &name[names::ID_LEN..];
            if let Some(number) = names::part_number(rest) {
                files.parts.push(LogPart { number, path, bytes });
            } else if let Some(stream) = names::spill_stream(rest) {
                files.output_files.push(OutputFile { stream, path, bytes });
            }
        }
        let sorted = |mut files: LogFiles| {
            files.parts.sort_by_key(|part| part.number);
            files
        };
        Ok(all.into_values().map(sorted).collect())
    }
}

impl LogFiles {
    /// The log's state and contents; `None` if these files are not a log.
    #[must_use]
    pub fn inspect(&self, folder: &LogFolder) -> Option<LogInfo> {
        let numbers: Vec<_> = self.parts.iter().map(|part| part.number).collect();
        let look = Look::at(folder, self.id, &numbers)?;
        let Look { state, version, header, footer, .. } = look;
        let mut parts = self.parts.clone();
        parts.retain(|part| look.parts.contains(&part.number));
        let passed_over = self.parts.iter().filter(|part| !look.parts.contains(&part.number));
        let foreign_bytes = passed_over.map(|part| part.bytes).sum::<u64>();
        Some(LogInfo {
            id: self.id,
            state,
            version,
            header,
            footer,
            parts,
            output_files: self.output_files.clone(),
            bytes: self.bytes.saturating_sub(foreign_bytes),
            modified: DateTime::<Utc>::from(self.modified),
        })
    }

    /// The files that are known to belong to an engine, with their sizes, for cleanup: a log's parts and the
    /// files beside them. Empty if no part starts with a log's version: the files may be a user's own.
    #[must_use]
    pub fn of_a_log(&self, folder: &LogFolder) -> Vec<(String, u64)> {
        let beginning =
            |part: &LogPart| Beginning::of(folder.part(self.id, part.number), self.id, part.number, None);
        let parts: Vec<_> = self
            .parts
            .iter()
            .map(|part| (part, beginning(part)))
            .filter(|(_, beginning)| !matches!(beginning, Beginning::Foreign | Beginning::Unreadable))
            .collect();
        if !parts.iter().any(|(_, beginning)| matches!(beginning, Beginning::Log { .. })) {
            return Vec::new();
        }
        let parts = parts.iter().map(|(part, _)| (part_name(self.id, part.number), part.bytes));
        let streams = self.output_files.iter().map(|file| (spill_name(self.id, file.stream), file.bytes));
        parts.chain(streams).collect()
    }
}
