//! Ends a log whose writer died.

use std::io::{self, Read, Seek, SeekFrom, Write};

use execution_log::format::footer_line;
use execution_log::names::part_name;
use execution_log::{LogFolder, LogFooter, LogInfo, has_footer};

use super::folder;

/// Writes the footer of an interrupted log. False if another engine was faster.
pub(crate) fn end_interrupted(folder: &LogFolder, log: &LogInfo, footer: &LogFooter) -> io::Result<bool> {
    let Some(last) = log.parts.last() else { return Ok(false) };
    let mut file = folder::append(folder, &part_name(log.id, last.number))?;
    // Two engines may recover the same folder: the second finds the footer of the first.
    file.lock()?;
    if has_footer(&mut file)? {
        return Ok(false);
    }
    // A torn line is ended first, so that it does not swallow the footer.
    let size = file.seek(SeekFrom::End(0))?;
    let is_torn = size > 0 && {
        let mut last = [0];
        file.seek(SeekFrom::Start(size - 1))?;
        file.read_exact(&mut last)?;
        last != *b"\n"
    };
    let torn_end = if is_torn { "\n" } else { "" };
    file.write_all(format!("{torn_end}{}", footer_line(footer)).as_bytes())?;
    Ok(true)
}
