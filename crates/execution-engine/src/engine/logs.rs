//! Logs read back, and old ones deleted.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use execution_log::{LogHeader, LogPosition, LogReader, LogRecord};
use uuid::Uuid;

use super::ExecutionEngine;
use super::api::CleanupReport;
use super::inner::Inner;
use crate::error::EngineError;
use crate::log::{Folder, LogSet};
use crate::process::{HostIdentity, host_identity, is_same_process};

/// A log above this is no text to hold in memory: its records are read piece by piece.
const MAX_TEXT: u64 = 64 * 1024 * 1024;

/// A piece of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The records, in order.
    pub records: Vec<LogRecord>,
    /// Where to read on. Of a live log there may be more there later.
    pub next: LogPosition,
    /// Whether the end of what is written was reached.
    pub at_end: bool,
}

impl ExecutionEngine {
    /// The whole log as text, as `cat` would show it. Finds logs of earlier engines in the same
    /// folder too.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such log, [`EngineError::LogUnreadable`] when it
    /// cannot be read, or is larger than 64 MiB.
    pub async fn read_logs(&self, id: Uuid) -> Result<String, EngineError> {
        self.inner.with_log_folder(id, move |folder| read_text(folder, id)).await
    }

    /// At most `max` records of a log, from a place in it on.
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
        self.inner
            .with_log_folder(id, move |folder| {
                let mut reader = LogReader::open_at(&folder.path, id, from)?;
                let records = reader.by_ref().take(max).collect::<io::Result<Vec<_>>>()?;
                let at_end = records.len() < max;
                Ok(LogPage { records, next: reader.position(), at_end })
            })
            .await
    }
}

fn read_text(folder: &Folder, id: Uuid) -> io::Result<String> {
    let log = crate::log::list(&folder.path)?.into_iter().find(|log| log.id == id);
    let log = log.ok_or(io::ErrorKind::NotFound)?;
    let parts = log.parts();
    if parts.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut text = Vec::new();
    for part in parts {
        let room = (MAX_TEXT + 1).saturating_sub(text.len() as u64);
        File::open(folder.path.join(part))?.take(room).read_to_end(&mut text)?;
        if text.len() as u64 > MAX_TEXT {
            let message =
                format!("it has more than {MAX_TEXT} bytes, too many for one text: read its records");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl Inner {
    /// Looks into the log folder on a thread that may block.
    pub(super) async fn with_log_folder<T: Send + 'static>(
        self: &Arc<Self>,
        id: Uuid,
        look: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        let engine = Arc::clone(self);
        let looked =
            tokio::task::spawn_blocking(move || engine.logs.open_folder().and_then(|folder| look(&folder)));
        let unreadable = |message: String| EngineError::LogUnreadable { id, message };
        match looked.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(EngineError::NotFound(id)),
            Ok(Err(error)) => Err(unreadable(error.to_string())),
            Err(panic) => Err(unreadable(panic.to_string())),
        }
    }

    /// Forgets what is beyond its retention, in memory and on disk.
    pub(crate) async fn clean_up(self: &Arc<Self>) -> CleanupReport {
        let executions = self.registry.forget_old();
        let engine = Arc::clone(self);
        let files = tokio::task::spawn_blocking(move || engine.delete_old_logs()).await;
        let report = files.unwrap_or_default();
        CleanupReport { executions, ..report }
    }

    fn delete_old_logs(&self) -> CleanupReport {
        let mut report = CleanupReport::default();
        let max_age = Duration::from_secs(self.config.log_retention_secs);
        let Ok(folder) = self.logs.open_folder() else { return report };
        for log in crate::log::list(&folder.path).unwrap_or_default() {
            // A write in the future (a clock set back since) has no age.
            let age = SystemTime::now().duration_since(log.modified).unwrap_or_default();
            if age < max_age || self.registry.is_live(log.id) || is_written_elsewhere(&log, &folder) {
                continue;
            }
            report.bytes += log.bytes;
            report.files += log.names.iter().filter(|name| folder.remove(name).is_ok()).count();
        }
        report
    }
}

/// Whether another live program, or another engine of this one, still writes a log.
fn is_written_elsewhere(log: &LogSet, folder: &Folder) -> bool {
    log.is_held(folder)
        || (log.is_unfinished(folder) && log.header(folder).is_some_and(|header| host_is_alive(&header)))
}

/// Whether the program that wrote a log still runs, and is the same.
pub(super) fn host_is_alive(header: &LogHeader) -> bool {
    let HostIdentity { boot_id, .. } = host_identity();
    header.host.boot_id == boot_id && is_same_process(header.host.pid, header.host.start_time)
}
