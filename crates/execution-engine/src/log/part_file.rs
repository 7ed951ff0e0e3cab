//! The files of one log: appended to, and continued in a new part when they are large enough.
//!
//! Parts have ascending numbers and are never renamed. This keeps followers on track, and works on Windows
//! too. The first part is always kept: the beginning of a failure is worth more than its middle.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use execution_log::format::{PREFIX_LEN, footer_line, header_line, timestamp};
use execution_log::lock::hold;
use execution_log::names::part_name;
use execution_log::{ByteCounts, LogFolder, LogFooter, LogHeader};
use memchr::memrchr;

use super::free_space::available;
use super::identity::{FileIdentity, is_deleted};
use crate::event::OutputStream;

/// Limits on one log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rotation {
    pub(super) max_bytes: u64,
    pub(super) max_parts: usize,
    /// With less free on the disk, a log keeps the first and the newest part only.
    pub(super) min_free: u64,
}

/// An open log.
pub(super) struct PartFile {
    folder: LogFolder,
    file: File,
    /// The first part, once another one is written to: it stays open until the end.
    first: Option<File>,
    header: LogHeader,
    header_size: u64,
    size: u64,
    /// Full parts after the first that were not dropped, oldest first.
    later: VecDeque<FullPart>,
    dropped: u64,
    checksum: crc32fast::Hasher,
    counts: ByteCounts,
}

/// A part that is no longer written to.
struct FullPart {
    number: u32,
    bytes: u64,
    identity: FileIdentity,
}

/// How the files of a log were found at its end.
pub(super) struct EndedLog {
    /// Why it has no footer.
    pub(super) error: Option<io::Error>,
    /// Whether the first part still has its name.
    pub(super) is_in_place: bool,
    /// Parts that no longer have their names.
    pub(super) missing: Vec<PathBuf>,
    /// Whether no part was dropped.
    pub(super) is_whole: bool,
}

impl PartFile {
    pub(super) fn create(folder: &LogFolder, header: LogHeader) -> io::Result<Self> {
        let name = part_name(header.id, header.part);
        let mut file = folder.user_folder().create(&name)?;
        // Locked before it has any content that recovery could act on.
        hold(&file);
        let line = header_line(&header);
        file.write_all(line.as_bytes()).map_err(|error| folder.user_folder().named(&name, error))?;
        Ok(Self {
            folder: folder.clone(),
            file,
            first: None,
            header,
            header_size: line.len() as u64,
            size: line.len() as u64,
            later: VecDeque::new(),
            dropped: 0,
            checksum: crc32fast::Hasher::new(),
            counts: ByteCounts::default(),
        })
    }

    /// Appends whole records and starts a new part between two of them when one is full. `counts`: the bytes
    /// of output they contain.
    pub(super) fn append(&mut self, rotation: Rotation, block: &[u8], counts: ByteCounts) -> io::Result<()> {
        self.try_append(rotation, block, counts).map_err(|error| self.named(error))
    }

    /// The error with the path of the part that is written to.
    fn named(&self, error: io::Error) -> io::Error {
        self.folder.user_folder().named(&part_name(self.header.id, self.header.part), error)
    }

    fn try_append(&mut self, rotation: Rotation, mut block: &[u8], mut counts: ByteCounts) -> io::Result<()> {
        if is_deleted(&self.file) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it was deleted while it was written"));
        }
        // Has only its header, and perhaps a note about a dropped part.
        let mut is_new = self.size <= self.header_size;
        while !block.is_empty() {
            let space = usize::try_from(rotation.max_bytes.saturating_sub(self.size)).unwrap_or(usize::MAX);
            let fitting = if block.len() <= space {
                block.len()
            } else {
                memrchr(b'\n', &block[..space]).map_or(0, |end| end + 1)
            };
            // A record that fits no part is written anyway: parts are a limit, not a filter.
            let count = match fitting {
                0 if is_new => memchr::memchr(b'\n', block).map_or(block.len(), |end| end + 1),
                count => count,
            };
            if count == 0 {
                self.begin_next(rotation)?;
                is_new = true;
                continue;
            }
            let (now, later) = block.split_at(count);
            // Records are counted only where the block is split between two parts.
            let part = if later.is_empty() { counts } else { counts_of(now) };
            self.write(now)?;
            self.counts += part;
            counts -= part;
            is_new = false;
            block = later;
        }
        Ok(())
    }

    fn write(&mut self, records: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(records) {
            // It was written only in part: the next record must not start in its middle.
            let _ = self.file.set_len(self.size);
            return Err(error);
        }
        self.size += records.len() as u64;
        self.checksum.update(records);
        Ok(())
    }

    fn begin_next(&mut self, rotation: Rotation) -> io::Result<()> {
        if self.header.part > 1 {
            let identity = FileIdentity::of(&self.file)?;
            self.later.push_back(FullPart { number: self.header.part, bytes: self.size, identity });
        }
        let mut header = self.header.clone();
        header.part += 1;
        header.offsets = self.counts;
        let line = header_line(&header);
        let next = self.folder.user_folder().create(&part_name(header.id, header.part))?;
        let full = std::mem::replace(&mut self.file, next);
        self.first.get_or_insert(full);
        self.file.write_all(line.as_bytes())?;
        self.size = line.len() as u64;
        self.header_size = self.size;
        self.header = header;
        let is_low = rotation.min_free > 0
            && available(&self.file, self.folder.path()).is_some_and(|free| free < rotation.min_free);
        let max_parts = if is_low { 2 } else { rotation.max_parts };
        // The first part and this one count towards the limit.
        while self.later.len() + 2 > max_parts {
            let Some(part) = self.later.pop_front() else { break };
            self.drop_part(&part)?;
        }
        Ok(())
    }

    fn drop_part(&mut self, part: &FullPart) -> io::Result<()> {
        // Another file that has its name now is not ours to delete.
        if part.identity.is_at(&self.path(part.number)) {
            self.folder.user_folder().remove(&part_name(self.header.id, part.number))?;
        }
        self.dropped += part.bytes;
        let event = serde_json::json!({ "event": "dropped", "part": part.number, "bytes": part.bytes });
        let record = format!("{} #  {event}\n", timestamp(chrono::Utc::now()));
        self.write(record.as_bytes())
    }

    /// Where a part is.
    pub(super) fn path(&self, part: u32) -> PathBuf {
        self.folder.path().join(part_name(self.header.id, part))
    }

    /// Writes the last line. `lost`: bytes of records that were never written.
    pub(super) fn end(mut self, mut footer: LogFooter, lost: u64) -> EndedLog {
        footer.dropped_bytes = self.dropped + lost;
        footer.parts = self.header.part;
        footer.crc32 = Some(self.checksum.clone().finalize());
        let written = self.file.write_all(footer_line(&footer).as_bytes());
        let error = written.map_err(|error| self.named(error)).err();
        let missing: Vec<_> = self.missing().map(|part| self.path(part)).collect();
        let is_in_place = missing.first() != Some(&self.path(1));
        EndedLog { error, is_in_place, missing, is_whole: self.dropped == 0 }
    }

    /// The numbers of the parts that no longer have their names, in order.
    fn missing(&self) -> impl Iterator<Item = u32> {
        let first = self.first.as_ref().map(|first| (1, FileIdentity::of(first)));
        let later = self.later.iter().map(|part| (part.number, Ok(part.identity)));
        let last = (self.header.part, FileIdentity::of(&self.file));
        let is_missing = |part, identity: io::Result<FileIdentity>| {
            identity.is_ok_and(|identity| !identity.is_at(&self.path(part)))
        };
        let parts = first.into_iter().chain(later).chain([last]);
        parts.filter_map(move |(part, identity)| is_missing(part, identity).then_some(part))
    }
}

/// The bytes of output in records.
fn counts_of(records: &[u8]) -> ByteCounts {
    let mut counts = ByteCounts::default();
    for line in records.split_inclusive(|byte| *byte == b'\n') {
        let payload = line.len().saturating_sub(PREFIX_LEN + 1);
        let ends_line = usize::from(line.get(29) == Some(&b' '));
        match line.get(28) {
            Some(b'O') => counts.add(OutputStream::Stdout, payload + ends_line),
            Some(b'E') => counts.add(OutputStream::Stderr, payload + ends_line),
            _ => {}
        }
    }
    counts
}
