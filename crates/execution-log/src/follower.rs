//! [`LogFollower`]: reads a log while another program writes it.

use std::io;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::folder::LogFolder;
use crate::inspect::{LogState, Look};
use crate::position::LogPosition;
use crate::reader::{LogPage, LogReader};
use crate::record::LogRecord;

/// How often a follower polls: a writer flushes every tenth of a second.
const INTERVAL: Duration = Duration::from_millis(100);
/// A new log has no header yet for some microseconds, and for much longer on a disk that hangs.
const SETTLING: Duration = Duration::from_secs(5);

/// Returns the records of a log until it ends: at its footer, or when its writer is gone without one.
///
/// As an iterator, it blocks until there is more. [`poll`](Self::poll) never blocks.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use execution_log::{LogFolder, LogFollower, LogPosition};
///
/// # let id = uuid::Uuid::nil();
/// let folder = LogFolder::open("logs")?;
/// let mut follower = LogFollower::open(&folder, id, LogPosition::START)?;
/// for record in &mut follower {
///     println!("{:?}", record?);
/// }
/// println!("{:?}", follower.reader().footer());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LogFollower {
    folder: LogFolder,
    id: Uuid,
    reader: LogReader,
    /// Nothing more is written, but there may still be something to read.
    is_over: bool,
}

impl LogFollower {
    /// Follows a log from a position on.
    ///
    /// # Errors
    /// An error of the file system: `NotFound` if there is no such log, or a missing permission.
    pub fn open(folder: &LogFolder, id: Uuid, from: LogPosition) -> io::Result<Self> {
        let reader = LogReader::open_in(folder, id, from)?;
        Ok(Self { folder: folder.clone(), id, reader, is_over: false })
    }

    /// The underlying reader, for header, footer, damage and position.
    #[must_use]
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Whether the log has ended and every record was returned.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.is_over || self.reader.footer().is_some()
    }

    /// The records available by now, at most `max`; none if nothing was added.
    ///
    /// # Errors
    /// An error of the file system.
    pub fn poll(&mut self, max: usize) -> io::Result<LogPage> {
        let mut page = self.reader.page(max)?;
        if page.records.is_empty() && !page.has_ended && self.writer_is_gone() {
            // Checked before this read, so the read sees everything that was written until then.
            page = self.reader.page(max)?;
            page.has_ended |= page.at_end;
            self.is_over = page.has_ended;
        }
        Ok(page)
    }

    fn writer_is_gone(&self) -> bool {
        let parts = self.folder.part_numbers(self.id);
        // Deleted while it was written, or not a log.
        let Some(look) = Look::at(&self.folder, self.id, &parts) else { return true };
        match look.state {
            LogState::Ended | LogState::Interrupted => true,
            LogState::Running => false,
            LogState::Damaged => look.footer.is_some() || self.is_settled(),
        }
    }

    fn is_settled(&self) -> bool {
        let last_part = self.folder.parts(self.id).pop().map(|part| self.folder.part(self.id, part));
        let Some(Ok(last_part)) = last_part else { return true };
        let modified = last_part.metadata().and_then(|meta| meta.modified());
        let age = modified.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        // Written in the future (the clock was set back): treated as old.
        age.is_none_or(|age| age > SETTLING)
    }
}

impl Iterator for LogFollower {
    type Item = io::Result<LogRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.reader.next() {
                return Some(record);
            }
            if self.has_ended() || self.reader.has_failed() {
                return None;
            }
            if self.writer_is_gone() {
                // The next round reads what was written until then.
                self.is_over = true;
            } else {
                sleep(INTERVAL);
            }
        }
    }
}
