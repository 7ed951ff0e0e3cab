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
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such log, [`EngineError::LogUnreadable`] when it
    /// cannot be read, or is larger than 64 MiB.
    pub async fn read_logs(&self, id: Uuid) -> Result<String, EngineError> {
        self.inner.with_log(id, move |folder| read_text(folder, id)).await
    }

    /// At most `max` records of a log, from a position on: those that exist now.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such log, [`EngineError::LogUnreadable`] when it
    /// cannot be read.
    pub async fn read_log_records(
        &self,
        id: Uuid,
        from: LogPosition,
        max: usize,
    ) -> Result<LogPage, EngineError> {
        self.inner.with_log(id, move |folder| LogReader::open_in(folder, id, from)?.page(max)).await
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
    /// [`EngineError::NotFound`] when there is no such log and no live execution that may still create one,
    /// [`EngineError::LogUnreadable`] when it cannot be read.
    pub async fn follow_log_records(
        &self,
        id: Uuid,
        from: LogPosition,
        max: usize,
    ) -> Result<LogPage, EngineError> {
        let max = max.max(1);
        let mut follower = loop {
            // Checked before looking: a log that is created after the look is found in the next round.
            let may_begin = self.inner.registry.is_live(id);
            match self.inner.with_log(id, move |folder| LogFollower::open(folder, id, from)).await {
                Err(EngineError::NotFound(_)) if may_begin => tokio::time::sleep(FOLLOW_INTERVAL).await,
                opened => break opened?,
            }
        };
        loop {
            let poll = move |_: &LogFolder| {
                let page = follower.poll(max)?;
                Ok((page, follower))
            };
            let (page, again) = self.inner.with_log(id, poll).await?;
            if !page.records.is_empty() || page.has_ended {
                return Ok(page);
            }
            follower = again;
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
        // What has the log's name is shown even so, or its error says why not.
        parts.push(1);
    }
    let mut text = Vec::new();
    for part in parts {
        let remaining = (MAX_TEXT + 1).saturating_sub(text.len() as u64);
        folder.file(&part_name(id, part))?.take(remaining).read_to_end(&mut text)?;
        if text.len() as u64 > MAX_TEXT {
            let message =
                format!("it has more than {MAX_TEXT} bytes, too many for one text: read its records");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl Inner {
    /// Looks for a log, on a thread that may block. An execution that is known here is never answered with
    /// another one's log, which may have its name.
    async fn with_log<T: Send + 'static>(
        self: &Arc<Self>,
        id: Uuid,
        look: impl FnOnce(&LogFolder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        match self.registry.get(id).map_or(OwnLog::Written, |execution| execution.own_log()) {
            OwnLog::Unwritten => return Err(EngineError::NotFound(id)),
            OwnLog::Lost(why) => {
                return Err(EngineError::LogUnreadable { id, source: Arc::new(io::Error::other(why)) });
            }
            OwnLog::Written => {}
        }
        let engine = Arc::clone(self);
        blocking(move || engine.logs.open_folder().and_then(|folder| look(&folder))).await.map_err(|error| {
            match error.kind() {
                io::ErrorKind::NotFound => EngineError::NotFound(id),
                _ => EngineError::LogUnreadable { id, source: Arc::new(error) },
            }
        })
    }

    /// Reads the log folder, on a thread that may block. A missing folder is as good as an empty one.
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
