//! A writer locks its log's first part for as long as it writes.
//!
//! A program in another container has another view of process ids: the lock is all that it can see.

use std::fs::File;

/// What a lock says about a log's writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    Held,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no lock to find free"))]
    Free,
    /// The system has no locks, or there is no file to check.
    Unknown,
}

#[cfg(unix)]
mod os {
    use std::fs::{File, TryLockError};
    use std::time::Duration;

    use super::Lock;

    /// Locks a log for its writer, as long as the file is open. False if another program holds it. Best
    /// effort: a file system may have no locks.
    #[must_use]
    pub fn try_hold(file: &File) -> bool {
        /// A reader that checks at this very moment holds a shared lock for some microseconds.
        const TRIES: u32 = 50;
        for _ in 0..TRIES {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
                Ok(()) | Err(TryLockError::Error(_)) => return true,
            }
        }
        false
    }

    pub(crate) fn look(file: &File) -> Lock {
        match file.try_lock_shared() {
            Ok(()) => {
                let _ = file.unlock();
                Lock::Free
            }
            Err(TryLockError::WouldBlock) => Lock::Held,
            Err(TryLockError::Error(_)) => Lock::Unknown,
        }
    }
}

#[cfg(not(unix))]
mod os {
    use super::{File, Lock};

    /// Locks keep readers out on this system, so nothing is locked. Containers do not share folders here, so
    /// process ids suffice.
    #[must_use]
    pub fn try_hold(_: &File) -> bool {
        true
    }

    pub(crate) fn look(_: &File) -> Lock {
        Lock::Unknown
    }
}

pub(crate) use os::look;
pub use os::try_hold;

/// Locks a new log for its writer, as [`try_hold`] does.
pub fn hold(file: &File) {
    let _ = try_hold(file);
}

/// Whether a writer [holds](hold) a log's first part.
#[must_use]
pub fn is_held(first_part: &File) -> bool {
    look(first_part) == Lock::Held
}
