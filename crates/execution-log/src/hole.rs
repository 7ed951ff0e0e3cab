//! Holes in sparse files read as NULs: a crash of the system may leave gigabytes of them in a log.

use std::fs::File;
use std::io;

/// Moves on to the next byte that is on the disk, or to the end. Returns how many bytes that skipped.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn skip(file: &mut File) -> io::Result<u64> {
    use std::io::Seek;

    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    let from = file.stream_position()?;
    let at = match seek(&*file, SeekFrom::Data(from)) {
        Ok(at) => at,
        // Only holes up to the end.
        Err(Errno::NXIO) => file.seek(io::SeekFrom::End(0))?,
        // This file system does not tell.
        Err(_) => from,
    };
    Ok(at.saturating_sub(from))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
pub(crate) fn skip(_: &mut File) -> io::Result<u64> {
    Ok(0)
}
