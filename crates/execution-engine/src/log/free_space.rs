//! [`FreeSpace`]: how much may be written before the disk has less free than it should keep.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

pub(super) use os::available;

/// How much is written between two looks at the disk, and for how long: others write to it too.
const BETWEEN_LOOKS: (u64, Duration) = (16 * 1024 * 1024, Duration::from_secs(1));

pub(super) struct FreeSpace {
    /// What stays free.
    keep: u64,
    /// What may be written until the next look.
    granted: u64,
    looked: Option<Instant>,
}

impl FreeSpace {
    pub(super) fn new(keep: u64) -> Self {
        Self { keep, granted: 0, looked: None }
    }

    pub(super) fn to_keep(&self) -> u64 {
        self.keep
    }

    /// How many of `wanted` bytes may be written to a file now. A disk that does not say how much is free
    /// takes all of them.
    pub(super) fn grant(&mut self, file: &File, folder: &Path, wanted: u64) -> u64 {
        if self.keep == 0 {
            return wanted;
        }
        let (bytes, time) = BETWEEN_LOOKS;
        if self.granted < wanted || self.looked.is_none_or(|looked| looked.elapsed() >= time) {
            let available = available(file, folder).unwrap_or(u64::MAX);
            self.granted = available.saturating_sub(self.keep).min(bytes.max(wanted));
            self.looked = Some(Instant::now());
        }
        let granted = wanted.min(self.granted);
        self.granted -= granted;
        granted
    }
}

#[cfg(unix)]
mod os {
    use super::{File, Path};

    /// What is free for this user on a file's disk, in bytes. Zero of zero is no answer: some file systems
    /// count nothing.
    pub(crate) fn available(file: &File, _: &Path) -> Option<u64> {
        let stat = rustix::fs::fstatvfs(file).ok().filter(|stat| stat.f_blocks > 0)?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

#[cfg(windows)]
mod os {
    use super::{File, Path};

    /// What is free for this user on a folder's disk, in bytes.
    pub(crate) fn available(_: &File, folder: &Path) -> Option<u64> {
        crate::log::os_free_space::available(folder)
    }
}

#[cfg(not(any(unix, windows)))]
mod os {
    use super::{File, Path};

    pub(crate) fn available(_: &File, _: &Path) -> Option<u64> {
        None
    }
}
