//! Retention: drops old executions from memory and deletes old logs. The cleanup task runs once per interval,
//! and never while there is nothing to drop.

use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use execution_log::names::spill_name;
use execution_log::{LogFiles, LogFolder, LogState};
use serde::Serialize;

use super::inner::Inner;

/// What a cleanup removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CleanupReport {
    /// Finished executions that were dropped from memory.
    pub executions: usize,
    /// Log and output files that were deleted.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Runs until the engine aborts it on drop. Holds the engine only while cleaning, so that the engine can be
/// dropped.
async fn run_cleanup(engine: Weak<Inner>) {
    while let Some(strong) = engine.upgrade() {
        // Logs of earlier runs may be due already, so the first round does not wait.
        strong.clean_up().await;
        let (interval, registry) =
            (Duration::from_secs(strong.config.cleanup_interval_secs), Arc::clone(&strong.registry));
        drop(strong);
        registry.has_finished().await;
        tokio::time::sleep(interval).await;
    }
}

impl Inner {
    /// At most one cleanup task per engine.
    pub(super) fn start_cleanup_task(self: &Arc<Self>) {
        self.cleanup.get_or_init(|| {
            let engine = Arc::downgrade(self);
            self.runtime.spawn(run_cleanup(engine)).abort_handle()
        });
    }

    /// Removes what is beyond its retention, in memory and on disk.
    pub(crate) async fn clean_up(self: &Arc<Self>) -> CleanupReport {
        let executions = self.registry.drop_old();
        let engine = Arc::clone(self);
        let files = self.with_log_folder(move |folder| engine.delete_old_logs(folder)).await;
        let report = files.unwrap_or_default();
        CleanupReport { executions, ..report }
    }

    fn delete_old_logs(&self, folder: &LogFolder) -> io::Result<CleanupReport> {
        let mut report = CleanupReport::default();
        let max_age = Duration::from_secs(self.config.log_retention_secs);
        for files in folder.files()? {
            // A write time in the future (the clock was set back) means no age.
            let age = SystemTime::now().duration_since(files.modified).unwrap_or_default();
            if age < max_age || self.registry.is_live(files.id) {
                continue;
            }
            for (name, bytes) in self.deletable(&files, folder) {
                if folder.user_folder().remove(&name).is_ok() {
                    report.files += 1;
                    report.bytes += bytes;
                }
            }
            self.logs.lone_spills().remove(files.id);
        }
        Ok(report)
    }

    /// Names and sizes of the files that an engine wrote and none is still writing. The folder may serve
    /// other purposes, so a name proves nothing.
    fn deletable(&self, files: &LogFiles, folder: &LogFolder) -> Vec<(String, u64)> {
        match files.inspect(folder) {
            Some(log) if log.state == LogState::Running => Vec::new(),
            Some(_) => files.of_a_log(folder),
            None if self.logs.lone_spills().contains(files.id) => {
                let lone = files.output_files.iter();
                lone.map(|file| (spill_name(files.id, file.stream), file.bytes)).collect()
            }
            None => Vec::new(),
        }
    }
}
