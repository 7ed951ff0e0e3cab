//! The logs in a folder, for retention and recovery. Only files named as ours are seen.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use execution_log::format::footer_line;
use execution_log::names::{owner, part_name, part_number, parts};
use execution_log::{LogFooter, LogHeader, LogReader, has_footer};
use uuid::Uuid;

use super::folder::{Folder, is_held};

/// Everything in the folder that belongs to one execution.
#[derive(Debug)]
pub(crate) struct LogSet {
    pub(crate) id: Uuid,
    pub(crate) names: Vec<String>,
    pub(crate) bytes: u64,
    /// Of the last write to any of them.
    pub(crate) modified: SystemTime,
}

/// The logs in a folder.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<LogSet>> {
    let mut sets: HashMap<Uuid, LogSet> = HashMap::new();
    for entry in folder.read_dir()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = owner(&name) else { continue };
        // The entry itself, not what a link points to.
        let Ok(meta) = entry.metadata() else { continue };
        let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let set = sets.entry(id).or_insert_with(|| LogSet { id, names: Vec::new(), bytes: 0, modified });
        set.names.push(name);
        set.bytes += meta.len();
        set.modified = set.modified.max(modified);
    }
    Ok(sets.into_values().collect())
}

impl LogSet {
    /// The header of the first part, where it can be read.
    pub(crate) fn header(&self, folder: &Folder) -> Option<LogHeader> {
        let mut reader = LogReader::open(&folder.path, self.id).ok()?;
        let _first = reader.next();
        reader.header().cloned()
    }

    /// The names of the log's parts that are there, in order.
    pub(crate) fn parts(&self) -> Vec<&str> {
        let number = |name: &str| match &name[36..] {
            ".log" => Some(1),
            rest => part_number(rest),
        };
        let mut parts: Vec<_> =
            self.names.iter().filter_map(|name| Some((number(name)?, name.as_str()))).collect();
        parts.sort_unstable();
        parts.into_iter().map(|(_, name)| name).collect()
    }

    /// The last part, if it was not brought to its end.
    fn unfinished(&self, folder: &Folder) -> io::Result<Option<File>> {
        let Some(last) = parts(&folder.path, self.id).into_iter().max() else { return Ok(None) };
        let mut file = folder.append(&part_name(self.id, last))?;
        Ok(if has_footer(&mut file)? { None } else { Some(file) })
    }

    pub(crate) fn is_unfinished(&self, folder: &Folder) -> bool {
        matches!(self.unfinished(folder), Ok(Some(_)))
    }

    /// Whether a program holds the log, on this machine or in a container that shares the folder.
    pub(crate) fn is_held(&self, folder: &Folder) -> bool {
        folder.append(&part_name(self.id, 1)).is_ok_and(|file| is_held(&file))
    }

    /// Gives an interrupted log its footer. False when somebody else was faster.
    pub(crate) fn end(&self, folder: &Folder, footer: &LogFooter) -> io::Result<bool> {
        let Some(mut file) = self.unfinished(folder)? else { return Ok(false) };
        // Two engines may recover one folder: the second finds the footer of the first.
        file.lock()?;
        if has_footer(&mut file)? {
            return Ok(false);
        }
        // A torn line is ended first, so that it does not swallow the footer.
        let size = file.seek(SeekFrom::End(0))?;
        let is_torn = size > 0 && {
            let mut last = [0];
            file.seek(SeekFrom::Start(size - 1))?;
            io::Read::read_exact(&mut file, &mut last)?;
            last != *b"\n"
        };
        let torn_end = if is_torn { "\n" } else { "" };
        file.write_all(format!("{torn_end}{}", footer_line(footer)).as_bytes())?;
        Ok(true)
    }
}
