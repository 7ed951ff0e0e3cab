//! Ends a log whose writer died.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use execution_log::format::footer_line;
use execution_log::lock::try_hold;
use execution_log::names::part_name;
use execution_log::{LogFolder, LogFooter, LogInfo, has_footer};

/// Writes the footer of an interrupted log. False if it is no longer as it was seen: its writer lives after
/// all, or another engine was faster.
pub(crate) fn end_interrupted(folder: &LogFolder, log: &LogInfo, footer: &LogFooter) -> io::Result<bool> {
    let (Some(first), Some(last)) = (log.parts.first(), log.parts.last()) else { return Ok(false) };
    let open = |number| folder.user_folder().append(&part_name(log.id, number));
    // What a writer locks. Two engines that recover the same folder exclude each other with it, too.
    let held = open(first.number)?;
    if !try_hold(&held) {
        return Ok(false);
    }
    let is_as_seen = folder.parts(log.id).last() == Some(&last.number);
    let mut file = open(last.number)?;
    if !is_as_seen || has_footer(&mut file)? {
        return Ok(false);
    }
    append_line(&mut file, &footer_line(footer))?;
    Ok(true)
}

/// A torn line is ended first, so that it does not swallow this one.
fn append_line(file: &mut File, line: &str) -> io::Result<()> {
    let size = file.seek(SeekFrom::End(0))?;
    let is_torn = size > 0 && {
        let mut last = [0];
        file.seek(SeekFrom::Start(size - 1))?;
        file.read_exact(&mut last)?;
        last != *b"\n"
    };
    let torn_end = if is_torn { "\n" } else { "" };
    file.write_all(format!("{torn_end}{line}").as_bytes())
}
