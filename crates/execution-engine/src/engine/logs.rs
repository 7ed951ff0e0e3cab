//! Logs read back, listed and followed.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use execution_log::names::part_name;
use execution_log::{LogFolder, LogFollower, LogInfo, LogPage, LogPosition, LogReader};
use uuid::Uuid;

use super::ExecutionEngine;
use super::inner::Inner;
use crate::error::EngineError;
use crate::registry::OwnLog;

/// A larger log is not returned as one string; read its records instead.
const MAX_TEXT: u64 = 64 * 1024 * 1024;
/// How often a followed log is polled: a writer flushes every tenth of a second.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);

impl ExecutionEngine {
    /// The whole log as text, as `cat` would show it. Finds logs of earlier engines in the same folder too.
    /// The log of a live execution that has none yet is empty.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown id without a log. [`EngineError::LogUnreadable`] when the log
    /// cannot be read, is larger than 64 MiB, or when a known execution has none; it says why.
    pub async fn read_logs(&self, id: Uuid) -> Result<String, EngineError> {
        self.inner.with_log(id, String::new, move |folder| read_text(folder, id)).await
    }

    /// At most `max` records of a log, from a position on: those that exist now.
    ///
    /// # Errors
    /// As for [`read_logs`](Self::read_logs), whatever the log's size.
    pub async fn read_log_records(
        &self,
        id: Uuid,
        from: LogPosition,
        max: usize,
    ) -> Result<LogPage, EngineError> {
        let nothing = move || LogPage::empty(from);
        self.inner.with_log(id, nothing, move |folder| LogReader::open_in(folder, id, from)?.page(max)).await
    }

    /// Like [`read_log_records`](Self::read_log_records), but waits for at least one record, or the end.
    /// Another engine may write the log, in this program or another. A page without records means the end:
    /// the log has its footer, or its writer is gone.
    ///
    /// ```no_run
    /// # async fn example(engine: execution_engine::ExecutionEngine, id: uuid::Uuid)
    /// # -> Result<(), execution_engine::EngineError> {
    /// use execution_engine::LogPosition;
    ///
    /// let mut from = LogPosition::START;
    /// loop {
    ///     let page = engine.follow_log_records(id, from, 500).await?;
    ///     page.records.iter().for_each(|record| println!("{record:?}"));
    ///     if page.has_ended {
    ///         break;
    ///     }
    ///     from = page.next;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`read_log_records`](Self::read_log_records).
    pub async fn follow_log_records(
        &self,
        id: Uuid,
        from: LogPosition,
        max: usize,
    ) -> Result<LogPage, EngineError> {
        let max = max.max(1);
        let mut opened = None;
        loop {
            // A live execution may have no log yet: it begins with the process.
            let nothing = move || (None, LogPage::empty(from));
            let poll = move |folder: &LogFolder| {
                let mut follower = opened.map_or_else(|| LogFollower::open(folder, id, from), Ok)?;
                let page = follower.poll(max)?;
                Ok((Some(follower), page))
            };
            let (follower, page) = self.inner.with_log(id, nothing, poll).await?;
            if !page.records.is_empty() || page.has_ended {
                return Ok(page);
            }
            opened = follower;
            tokio::time::sleep(FOLLOW_INTERVAL).await;
        }
    }

    /// The logs in this engine's folder, oldest first: its own, those of other engines, and those that
    /// earlier ones left. Each is still being written, has ended, was interrupted or is damaged.
    ///
    /// # Errors
    /// [`EngineError::LogFolderUnreadable`] when the folder cannot be read. A missing folder has no logs.
    pub async fn list_logs(&self) -> Result<Vec<LogInfo>, EngineError> {
        self.inner.with_log_folder(LogFolder::logs).await
    }
}

fn read_text(folder: &LogFolder, id: Uuid) -> io::Result<String> {
    let mut parts = folder.parts(id);
    if parts.is_empty() {
        // No log is listed: show the file that has its name, or the error that says why not.
        parts.push(1);
    }
    let mut text = Vec::new();
    for part in parts {
        let remaining = (MAX_TEXT + 1).saturating_sub(text.len() as u64);
        folder.user_folder().file(&part_name(id, part))?.take(remaining).read_to_end(&mut text)?;
        if text.len() as u64 > MAX_TEXT {
            let message =
                format!("it has more than {MAX_TEXT} bytes, too many for one text: read its records");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl Inner {
    /// Reads a log on a thread that may block. A known execution never gets another execution's log, even if
    /// that has its name. `nothing` is the answer for a log that has not begun.
    async fn with_log<T: Send + 'static>(
        self: &Arc<Self>,
        id: Uuid,
        nothing: impl FnOnce() -> T,
        look: impl FnOnce(&LogFolder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        let known = self.registry.get(id).map(|execution| execution.own_log());
        let missing = |why: String| {
            Err(EngineError::LogUnreadable {
                id,
                source: Arc::new(io::Error::new(io::ErrorKind::NotFound, why)),
            })
        };
        match &known {
            Ok(_) if !self.config.logging => return missing("there is none: `logging` is off".to_owned()),
            Ok(OwnLog::Unwritten) => return Ok(nothing()),
            Ok(OwnLog::Lost(why)) => return missing(why.clone()),
            Ok(OwnLog::Written(_)) | Err(_) => {}
        }
        let engine = Arc::clone(self);
        match blocking(move || engine.logs.open_folder().and_then(|folder| look(&folder))).await {
            Ok(found) => Ok(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match known {
                Ok(OwnLog::Written(path)) => missing(format!("{} was moved or deleted", path.display())),
                _ => Err(EngineError::NotFound(id)),
            },
            Err(error) => Err(EngineError::LogUnreadable { id, source: Arc::new(error) }),
        }
    }

    /// Reads the log folder on a thread that may block. A missing folder counts as empty.
    pub(super) async fn with_log_folder<T: Default + Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&LogFolder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        let engine = Arc::clone(self);
        let looked = move || match engine.logs.open_folder() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            folder => look(&folder?),
        };
        blocking(looked).await.map_err(|error| EngineError::LogFolderUnreadable { source: Arc::new(error) })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
