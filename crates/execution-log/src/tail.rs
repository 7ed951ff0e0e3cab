//! The last line of a part, without reading the rest.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::footer::LogFooter;
use crate::format::{FOOTER_MARK, Line, MAX_LINE, parse};

/// The size of the first read; more if the last line is longer.
const WINDOW: u64 = 64 * 1024;

/// How a log's last part ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// In the middle of the log, or of a line.
    Open,
    Footer(Box<LogFooter>),
    /// With a footer that cannot be read.
    DamagedFooter,
}

impl Tail {
    pub(crate) fn of(file: &mut File) -> io::Result<Self> {
        let Some(line) = last_line(file)? else { return Ok(Self::Open) };
        if !line.starts_with(FOOTER_MARK.as_bytes()) {
            return Ok(Self::Open);
        }
        Ok(match parse(&line) {
            Line::Footer(footer) => Self::Footer(footer),
            _ => Self::DamagedFooter,
        })
    }
}

/// How a log ends, from the last line of its last part.
///
/// # Errors
/// An error of the file system.
pub fn has_footer(last_part: &mut File) -> io::Result<bool> {
    Ok(Tail::of(last_part)? != Tail::Open)
}

/// `None` if the last line is torn, or there is none.
fn last_line(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut window = WINDOW;
    loop {
        let from = size.saturating_sub(window);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        (&mut *file).take(window).read_to_end(&mut end)?;
        if end.pop_if(|byte| *byte == b'\n').is_none() {
            return Ok(None);
        }
        match memchr::memrchr(b'\n', &end) {
            Some(before) => return Ok(Some(end.split_off(before + 1))),
            None if from == 0 || window >= MAX_LINE => return Ok(Some(end)),
            None => window *= 4,
        }
    }
}
