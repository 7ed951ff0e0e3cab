//! [`LogService`]: one writer thread per engine, so that a slow disk never blocks the runtime.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};

use execution_log::names::{part_name, spill_name};
use execution_log::{LogFolder, LogLocation};
use once_cell::sync::OnceCell;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::handle::{ExecutionLog, LogMode};
use super::job::Job;
use super::part_file::Rotation;
use super::spill::LoneSpills;
use super::writer::Writer;
use crate::config::ExecutionConfig;
use crate::per_stream::STREAMS;
use crate::process;
use crate::thread::thread;

/// Opens logs. The thread starts with the first log and ends with the engine.
pub(crate) struct LogService {
    is_on: bool,
    location: LogLocation,
    rotation: Rotation,
    max_spill_bytes: u64,
    /// Where logs go.
    folder: Arc<OnceLock<PathBuf>>,
    /// Where they were found, as long as none was created.
    read_folder: OnceLock<PathBuf>,
    lone_spills: Arc<LoneSpills>,
    jobs: OnceCell<mpsc::Sender<Job>>,
}

impl LogService {
    pub(crate) fn new(config: &ExecutionConfig, location: LogLocation) -> Self {
        Self {
            is_on: config.logging,
            location,
            rotation: Rotation {
                max_bytes: config.max_log_size_bytes,
                max_parts: config.max_log_files,
                min_free: config.min_free_bytes,
            },
            max_spill_bytes: config.max_spill_bytes,
            folder: Arc::default(),
            read_folder: OnceLock::new(),
            lone_spills: Arc::default(),
            jobs: OnceCell::new(),
        }
    }

    /// Where logs go; `None` until the first one was created.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.folder.get().cloned()
    }

    /// Opens the folder for reading; never creates it. Once known, it is the same one each time, wherever
    /// another engine's logs would go by then. Blocks.
    pub(crate) fn open_folder(&self) -> io::Result<LogFolder> {
        if let Some(path) = self.folder.get().or_else(|| self.read_folder.get()) {
            return LogFolder::open(path);
        }
        let folder = self.location.open()?;
        let _ = self.read_folder.set(folder.path().to_owned());
        Ok(folder)
    }

    /// A file of an earlier execution with this id, if logs are written and one is in the way. Opens no file,
    /// and does not list the folder, which may be large: later parts are told apart by their headers.
    pub(crate) fn file_in_the_way(&self, id: Uuid) -> Option<PathBuf> {
        let folder = self.is_on.then(|| self.open_folder().ok()).flatten()?;
        let outputs = STREAMS.map(|stream| spill_name(id, stream));
        let mut names = [part_name(id, 1)].into_iter().chain(outputs);
        names.find(|name| folder.user_folder().has_file(name)).map(|name| folder.path().join(name))
    }

    pub(crate) fn lone_spills(&self) -> &LoneSpills {
        &self.lone_spills
    }

    /// `spills`: whether whole streams may have to be written to files of their own.
    pub(crate) fn open(&self, id: Uuid, spills: bool) -> ExecutionLog {
        match (self.is_on, spills) {
            (true, _) => ExecutionLog::new(id, LogMode::Full, self.jobs()),
            (false, true) => ExecutionLog::new(id, LogMode::SpillOnly, self.jobs()),
            (false, false) => ExecutionLog::default(),
        }
    }

    /// Resolves when everything handed over so far is written.
    pub(crate) async fn idle(&self) {
        let (reply, idle) = oneshot::channel();
        if self.jobs.get().is_some_and(|jobs| jobs.send(Job::Idle(reply)).is_ok()) {
            let _ = idle.await;
        }
    }

    fn jobs(&self) -> mpsc::Sender<Job> {
        let start = || {
            let (sender, receiver) = mpsc::channel();
            let (location, folder) = (self.location.clone(), Arc::clone(&self.folder));
            let lone_spills = Arc::clone(&self.lone_spills);
            let writer = Writer::new(location, folder, lone_spills, self.rotation, self.max_spill_bytes);
            let run = move || {
                process::prepare_writer_thread();
                writer.run(&receiver);
            };
            thread("execution-logs").spawn(run).map(|_| sender)
        };
        match self.jobs.get_or_try_init(start) {
            Ok(jobs) => jobs.clone(),
            Err(error) => {
                // No receiver: this log reports that its thread is gone, and the next one starts another.
                tracing::error!(%error, "no thread to write logs");
                mpsc::channel().0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use execution_log::{ExecutionStatus, LogFooter, LogHeader, LogHost};

    use super::*;

    /// The thread used to be gone from then on, as long as the engine lived.
    #[tokio::test]
    async fn a_panic_costs_its_own_log_its_rest_and_no_other_anything() {
        let dir = tempfile::tempdir().unwrap();
        let location = LogLocation::Configured(dir.path().to_owned());
        let service = LogService::new(&ExecutionConfig::default(), location);
        let begun = || {
            let id = Uuid::now_v7();
            let mut log = service.open(id, false);
            log.begin(|| LogHeader::new(id, Utc::now(), 1, LogHost::current("test")));
            log
        };
        let (mut harmed, mut other) = (begun(), begun());
        harmed.panic_writer();
        let mut later = begun();
        for log in [&mut harmed, &mut other, &mut later] {
            log.output(execution_log::OutputStream::Stdout, b"hello\n", Utc::now());
            log.flush();
            log.caught_up().await;
        }
        let footer = || LogFooter::new(ExecutionStatus::Completed);
        let harmed = harmed.finish(footer()).await;
        assert!(harmed.error.is_some_and(|error| error.contains("panicked")));
        assert_eq!(harmed.warnings.len(), 1);
        for log in [other, later] {
            let finished = log.finish(footer()).await;
            assert_eq!(finished.error, None);
            let text = std::fs::read_to_string(finished.log.unwrap().path).unwrap();
            assert!(text.contains("O  hello\n") && text.contains("#end "), "{text}");
        }
    }
}
