//! [`LogReader`]: a log's records, whatever became of the log.
//!
//! Reads piece by piece, never a whole file. A torn last line, a run of NULs, a record that is no
//! record: each is counted as damage and hides nothing else.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use uuid::Uuid;

use crate::format::{FOOTER_MARK, Line, LogFooter, LogHeader, LogRecord, MAX_PAYLOAD, PREFIX_LEN, parse};
use crate::names::{part_name, parts};

/// No line of the format is longer, but for a header, whose arguments have the system's limits.
const MAX_LINE: u64 = 4 * 1024 * 1024 + (MAX_PAYLOAD + PREFIX_LEN) as u64;
/// How many missing part numbers are passed over before the log counts as ended.
const MAX_GAP: u32 = 1 << 20;

/// A place between two records: reading goes on from there, also in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    part: u32,
    offset: u64,
}

impl LogPosition {
    /// The beginning.
    pub const START: Self = Self { part: 1, offset: 0 };
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.part, self.offset)
    }
}

impl FromStr for LogPosition {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (part, offset) = text.split_once(':').unwrap_or((text, "0"));
        Ok(Self { part: part.parse()?, offset: offset.parse()? })
    }
}

/// What was not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogDamage {
    /// Lines that are no records.
    pub bad_lines: u64,
    /// Part numbers without a file: dropped by rotation, or deleted.
    pub missing_parts: u32,
}

/// Gives the records of a log one by one, across its parts.
///
/// At the end of what was written it gives `None`; of a live log there may be more later, from
/// [`position`](Self::position) on.
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
    folder: PathBuf,
    id: Uuid,
    input: BufReader<File>,
    position: LogPosition,
    header: Option<LogHeader>,
    footer: Option<LogFooter>,
    damage: LogDamage,
    line: Vec<u8>,
}

impl LogReader {
    /// Opens a log at its beginning.
    ///
    /// # Errors
    /// Of the file system: no such log, or not permitted.
    pub fn open(folder: &Path, id: Uuid) -> io::Result<Self> {
        Self::open_at(folder, id, LogPosition::START)
    }

    /// Opens a log where another reader left off. Where that part was dropped since, at the next one.
    ///
    /// # Errors
    /// Of the file system: no such log, or not permitted.
    pub fn open_at(folder: &Path, id: Uuid, position: LogPosition) -> io::Result<Self> {
        let mut damage = LogDamage::default();
        let (mut file, part) = match File::open(folder.join(part_name(id, position.part))) {
            Ok(file) => (file, position.part),
            Err(error) if error.kind() == io::ErrorKind::NotFound && position.part > 1 => {
                next_part(folder, id, position.part, &mut damage).ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        let offset = if part == position.part { position.offset } else { 0 };
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            folder: folder.to_owned(),
            id,
            input: BufReader::with_capacity(64 * 1024, file),
            position: LogPosition { part, offset },
            header: None,
            footer: None,
            damage,
            line: Vec::new(),
        })
    }

    /// Where the next record begins.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// The header of the part being read; `None` before its first record was asked for.
    #[must_use]
    pub fn header(&self) -> Option<&LogHeader> {
        self.header.as_ref()
    }

    /// The footer, once it was reached.
    #[must_use]
    pub fn footer(&self) -> Option<&LogFooter> {
        self.footer.as_ref()
    }

    /// What was not as it should be, so far.
    #[must_use]
    pub fn damage(&self) -> LogDamage {
        self.damage
    }

    fn next_record(&mut self) -> io::Result<Option<LogRecord>> {
        loop {
            if !self.next_line()? {
                // The end of this part; an unfinished line may still grow in the last one.
                let Some(next) = next_part(&self.folder, self.id, self.position.part, &mut self.damage)
                else {
                    return Ok(None);
                };
                // The writer may have added to this part before it began the next: now it no longer does.
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

    /// Reads one whole line into `line`, without its end; false when there is none.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.line)?;
        if self.line.pop_if(|byte| *byte == b'\n').is_some() {
            self.position.offset += read as u64;
            return Ok(true);
        }
        if read as u64 == MAX_LINE {
            // Longer than any line of ours (a run of NULs, say): passed over up to the next end.
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
        self.input = BufReader::with_capacity(64 * 1024, file);
        self.position = LogPosition { part, offset: 0 };
    }
}

impl Iterator for LogReader {
    type Item = io::Result<LogRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// The next part that is there. Numbers in between were dropped by rotation.
fn next_part(folder: &Path, id: Uuid, part: u32, damage: &mut LogDamage) -> Option<(File, u32)> {
    if let Ok(file) = File::open(folder.join(part_name(id, part + 1))) {
        return Some((file, part + 1));
    }
    // Rotation leaves one gap, after the first part: only then is it worth listing the folder.
    let next = parts(folder, id).into_iter().filter(|other| *other > part).min()?;
    let gap = next - part - 1;
    if gap > MAX_GAP {
        return None;
    }
    damage.missing_parts += gap;
    Some((File::open(folder.join(part_name(id, next))).ok()?, next))
}

/// Whether a log's last part was brought to its end. Reads only its last line, however long that is.
///
/// # Errors
/// Of the file system.
pub fn has_footer(file: &mut File) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut window = 64 * 1024;
    loop {
        let from = size.saturating_sub(window);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        (&mut *file).take(window).read_to_end(&mut end)?;
        let Some(line) = end.strip_suffix(b"\n") else { return Ok(false) };
        match memchr::memrchr(b'\n', line) {
            Some(before) => return Ok(line[before + 1..].starts_with(FOOTER_MARK.as_bytes())),
            None if from == 0 || window > MAX_LINE => return Ok(line.starts_with(FOOTER_MARK.as_bytes())),
            None => window *= 4,
        }
    }
}
