//! [`LogReader`]: a log's records, whatever state the log is in.
//!
//! Reads piece by piece, never a whole file. A torn last line, a run of NULs, a malformed record: each is
//! counted as damage and hides nothing else.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use uuid::Uuid;

use crate::beginning::Beginning;
use crate::folder::LogFolder;
use crate::footer::LogFooter;
use crate::format::{Line, MAX_LINE, parse};
use crate::header::LogHeader;
use crate::hole;
use crate::names::part_name;
use crate::path_error::at;
use crate::position::LogPosition;
use crate::record::LogRecord;

/// The size of one read.
const BUFFER: usize = 64 * 1024;
/// How many missing part numbers are skipped before the log counts as ended.
const MAX_GAP: u32 = 1 << 20;

/// Damage found in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LogDamage {
    /// Lines that are not records.
    pub bad_lines: u64,
    /// Part numbers without a file: dropped by rotation, or deleted.
    pub missing_parts: u32,
}

/// A page of a log's records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The records, in order.
    pub records: Vec<LogRecord>,
    /// Where to continue. A live log may have more there later.
    pub next: LogPosition,
    /// Whether the end of what was written so far was reached.
    pub at_end: bool,
    /// Whether nothing will follow: the log has its footer, or its writer is gone. Only a
    /// [follower](crate::LogFollower) checks the latter.
    pub has_ended: bool,
}

impl LogPage {
    /// Nothing so far: reading goes on at the same position.
    #[must_use]
    pub fn empty(from: LogPosition) -> Self {
        Self { records: Vec::new(), next: from, at_end: true, has_ended: false }
    }
}

/// Returns the records of a log one by one, across its parts.
///
/// Returns `None` at the end of what was written so far. A live log may have more later, from
/// [`position`](Self::position) on: see [`LogFollower`](crate::LogFollower). After an error of the file
/// system it returns nothing more.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # let (folder, id) = (std::path::Path::new("logs"), uuid::Uuid::nil());
/// let mut reader = execution_log::LogReader::open(folder, id)?;
/// for record in &mut reader {
///     println!("{:?}", record?);
/// }
/// println!("{:?}", reader.footer());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LogReader {
    folder: LogFolder,
    id: Uuid,
    input: BufReader<File>,
    position: LogPosition,
    header: Option<LogHeader>,
    footer: Option<LogFooter>,
    damage: LogDamage,
    has_failed: bool,
    line: Vec<u8>,
}

impl LogReader {
    /// Opens a log at its beginning.
    ///
    /// # Errors
    /// An error of the file system: `NotFound` if there is no such log, or a missing permission.
    pub fn open(folder: &Path, id: Uuid) -> io::Result<Self> {
        Self::open_at(folder, id, LogPosition::START)
    }

    /// Opens a log where another reader stopped, or at the next part if that one has been dropped since.
    ///
    /// # Errors
    /// An error of the file system: `NotFound` if there is no such log, or a missing permission.
    pub fn open_at(folder: &Path, id: Uuid, position: LogPosition) -> io::Result<Self> {
        Self::open_in(&LogFolder::open(folder)?, id, position)
    }

    /// Like [`open_at`](Self::open_at), in a folder that is already open.
    ///
    /// # Errors
    /// An error of the file system: `NotFound` if there is no such log, or a missing permission.
    pub fn open_in(folder: &LogFolder, id: Uuid, position: LogPosition) -> io::Result<Self> {
        let mut damage = LogDamage::default();
        let (mut file, part) = match folder.part(id, position.part) {
            Ok(file) => (file, position.part),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                next_part(folder, id, position.part.saturating_sub(1), &mut damage).ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        let offset = if part == position.part { position.offset } else { 0 };
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            folder: folder.clone(),
            id,
            input: BufReader::with_capacity(BUFFER, file),
            position: LogPosition { part, offset },
            header: None,
            footer: None,
            damage,
            has_failed: false,
            line: Vec::new(),
        })
    }

    /// The next records, at most `max`.
    ///
    /// # Errors
    /// An error of the file system.
    pub fn page(&mut self, max: usize) -> io::Result<LogPage> {
        let records = self.by_ref().take(max).collect::<io::Result<Vec<_>>>()?;
        let at_end = records.len() < max;
        let has_ended = at_end && self.footer.is_some();
        Ok(LogPage { records, next: self.position, at_end, has_ended })
    }

    /// The position of the next record.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// The header of the part being read; `None` before the first record was read.
    #[must_use]
    pub fn header(&self) -> Option<&LogHeader> {
        self.header.as_ref()
    }

    /// The footer, once it was reached.
    #[must_use]
    pub fn footer(&self) -> Option<&LogFooter> {
        self.footer.as_ref()
    }

    /// The damage found so far.
    #[must_use]
    pub fn damage(&self) -> LogDamage {
        self.damage
    }

    /// Whether the file system failed: there is nothing more then.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    fn next_record(&mut self) -> io::Result<Option<LogRecord>> {
        loop {
            if !self.next_line()? {
                // The end of this part; if it is the last one, an unfinished line may still grow.
                let Some(next) = next_part(&self.folder, self.id, self.position.part, &mut self.damage)
                else {
                    return Ok(None);
                };
                // The writer may have appended to this part before it started the next; now it no longer
                // does.
                if !self.next_line()? {
                    self.go_on_in(next);
                    continue;
                }
            }
            match parse(&self.line) {
                Line::Record(record) => return Ok(Some(record)),
                Line::Header(header) => self.header = Some(*header),
                Line::Footer(footer) => self.footer = Some(*footer),
                Line::Damaged => self.damage.bad_lines += 1,
            }
        }
    }

    /// Reads one whole line into `line`, without its line end; false if there is none.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.line)?;
        if self.line.pop_if(|byte| *byte == b'\n').is_some() {
            self.position.offset += read as u64;
            return Ok(true);
        }
        if read as u64 == MAX_LINE {
            // Longer than any valid line (a run of NULs, say): skipped up to the next line end.
            self.position.offset += read as u64;
            self.position.offset += self.skip_line()?;
            self.line.clear();
            return Ok(true);
        }
        // Torn, or still being written: left for later.
        self.input.seek(SeekFrom::Start(self.position.offset))?;
        Ok(false)
    }

    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            if self.input.buffer().is_empty() {
                skipped += hole::skip(self.input.get_mut())?;
            }
            let buffered = self.input.fill_buf()?;
            let count = memchr::memchr(b'\n', buffered).map_or(buffered.len(), |end| end + 1);
            let ended = buffered.get(count.wrapping_sub(1)) == Some(&b'\n') || count == 0;
            self.input.consume(count);
            skipped += count as u64;
            if ended {
                return Ok(skipped);
            }
        }
    }

    fn go_on_in(&mut self, (file, part): (File, u32)) {
        self.input = BufReader::with_capacity(BUFFER, file);
        self.position = LogPosition { part, offset: 0 };
    }
}

impl Iterator for LogReader {
    type Item = io::Result<LogRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let part = self.position.part;
        let next = self.next_record().map_err(|error| {
            let path = self.folder.path().join(part_name(self.id, part));
            at(&path, error)
        });
        // Fails for good, so that a caller that skips errors does not loop.
        self.has_failed = next.is_err();
        next.transpose()
    }
}

/// The next existing part. Rotation dropped the numbers in between.
fn next_part(folder: &LogFolder, id: Uuid, part: u32, damage: &mut LogDamage) -> Option<(File, u32)> {
    let following = part.checked_add(1)?;
    if let Some(file) = open_part(folder, id, following) {
        return Some((file, following));
    }
    // Rotation leaves a gap; only then is it worth listing the folder. By then, the following part may be
    // there.
    let mut later = folder.part_numbers(id).into_iter().filter(|other| *other >= following);
    let (file, next) = later.find_map(|next| Some((open_part(folder, id, next)?, next)))?;
    let gap = next - following;
    if gap > MAX_GAP {
        return None;
    }
    damage.missing_parts += gap;
    Some((file, next))
}

/// Opens a later part at its start; `None` if there is none, or another file has its name.
fn open_part(folder: &LogFolder, id: Uuid, part: u32) -> Option<File> {
    let mut file = folder.part(id, part).ok()?;
    let started_at = folder.started_at(id, &[part]);
    let is_part = Beginning::read(&mut file, id, part, started_at).is_part(part);
    (is_part && file.rewind().is_ok()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::header_line;
    use crate::header::LogHost;

    #[test]
    fn after_an_error_of_the_file_system_nothing_more_comes() {
        let (dir, id) = (tempfile::tempdir().unwrap(), Uuid::now_v7());
        let header = LogHeader::new(id, chrono::Utc::now(), 1, LogHost::current("test"));
        std::fs::write(dir.path().join(crate::names::part_name(id, 1)), header_line(&header)).unwrap();
        let mut reader = LogReader::open(dir.path(), id).unwrap();
        assert!(!reader.has_failed());
        // A file that is open for writing alone cannot be read.
        reader.input = BufReader::new(File::create(dir.path().join("unreadable")).unwrap());
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none() && reader.has_failed());
    }
}
