//! [`Beginning`]: what a file is, by its first bytes. Its name proves nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::format::{self, Line, MAX_LINE, parse};

/// How many bytes of a file decide whether it is a log.
const BEGINNING: u64 = 64 * 1024;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// This part, in some version.
    Log { version: u32 },
    /// A part that lost its beginning: it has a log's lines further down, or a header's first bytes.
    Damaged,
    /// Nothing, or only NULs: any program's file, or what a crash left of a part.
    Blank,
    /// A file of this user that cannot be read.
    Unreadable,
    /// No regular file, another user's or another program's file, or another part: of this log, of another,
    /// or of an earlier execution with this id.
    Foreign,
}

impl Beginning {
    /// `opened`: a file that was listed as one of this user. `started_at`: when the execution started, if
    /// that is known.
    pub(crate) fn of(
        opened: io::Result<File>,
        id: Uuid,
        part: u32,
        started_at: Option<DateTime<Utc>>,
    ) -> Self {
        match opened {
            Ok(mut file) => Self::read(&mut file, id, part, started_at),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Foreign,
            Err(_) => Self::Unreadable,
        }
    }

    /// Leaves the file at any position.
    pub(crate) fn read(file: &mut File, id: Uuid, part: u32, started_at: Option<DateTime<Utc>>) -> Self {
        Self::try_read(file, id, part, started_at).unwrap_or(Self::Unreadable)
    }

    fn try_read(file: &mut File, id: Uuid, part: u32, started_at: Option<DateTime<Utc>>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.take(BEGINNING).read_to_end(&mut bytes)?;
        if let Some(version) = format::version(&bytes) {
            if !bytes.contains(&b'\n') {
                BufReader::new(file.take(MAX_LINE - BEGINNING)).read_until(b'\n', &mut bytes)?;
            }
            let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Ok(match parse(line) {
                Line::Header(header) if (header.id, header.part) != (id, part) => Self::Foreign,
                // An earlier execution had the same id, and the beginning of its log is gone.
                Line::Header(header) if started_at.is_some_and(|start| start != header.started_at) => {
                    Self::Foreign
                }
                _ => Self::Log { version },
            });
        }
        let is_whole = (bytes.len() as u64) < BEGINNING;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(if is_whole { Self::Blank } else { Self::Damaged });
        }
        let has_lines = bytes.split(|byte| *byte == b'\n').any(|line| parse(line) != Line::Damaged);
        let lost_version = part == 1 && bytes.starts_with(format::MAGIC.as_bytes());
        Ok(if has_lines || lost_version { Self::Damaged } else { Self::Foreign })
    }

    /// Whether the file counts as a part. A blank one counts only if it may be a log that has just begun: a
    /// later one has nothing to read, and may be any program's.
    pub(crate) fn is_part(self, part: u32) -> bool {
        match self {
            Self::Log { .. } | Self::Damaged | Self::Unreadable => true,
            Self::Blank => part == 1,
            Self::Foreign => false,
        }
    }
}
