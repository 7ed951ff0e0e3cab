//! [`ExecutionLog`]: gathers what happens to one execution and hands it to the writer thread.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use chrono::{DateTime, Utc};
use execution_log::{LogFooter, LogHeader};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::formatter::Block;
use super::service::Job;
use crate::event::OutputStream;
use crate::result::OutputFiles;
use crate::sync::lock;

/// Handed over in one piece.
const BLOCK: usize = 64 * 1024;
/// Handed over and not yet written; beyond that the child waits for the disk.
const MAX_UNWRITTEN: usize = 128 * 1024;

/// What is written of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogMode {
    Off,
    /// No log, but files that hold whole streams.
    SpillOnly,
    Full,
}

/// One execution's log, and its spill files. What its mode does not write, it ignores.
pub(crate) struct ExecutionLog {
    id: Uuid,
    mode: LogMode,
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    block: Block,
    /// Whether a line has begun, of standard output and of standard error.
    has_tail: [bool; 2],
}

/// What the handle and the writer thread both see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    unwritten: AtomicUsize,
    written: Notify,
    path: OnceLock<PathBuf>,
    trouble: Mutex<Option<String>>,
}

/// Tells where a log is, as soon as it is anywhere.
#[derive(Debug, Clone)]
pub(crate) struct LogPath(Arc<Shared>);

impl LogPath {
    /// Where the log is, once it is anywhere.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.0.path.get().cloned()
    }
}

/// Where everything is when the log is closed.
#[derive(Debug, Default)]
pub(crate) struct FinishedLog {
    pub(crate) path: Option<PathBuf>,
    pub(crate) error: Option<String>,
    /// What should be said about it and was not said yet.
    pub(crate) warning: Option<String>,
    pub(crate) output_files: OutputFiles,
}

impl Shared {
    /// The header is written, or cannot be.
    pub(super) fn began(&self) {
        self.wrote(MAX_UNWRITTEN);
    }

    pub(super) fn wrote(&self, count: usize) {
        self.unwritten.fetch_sub(count, Ordering::Release);
        self.written.notify_one();
    }

    pub(super) fn set_path(&self, path: PathBuf) {
        let _ = self.path.set(path);
    }

    /// The first trouble is told.
    pub(super) fn report(&self, trouble: String) {
        lock(&self.trouble).get_or_insert(trouble);
    }
}

impl ExecutionLog {
    pub(super) fn new(id: Uuid, mode: LogMode, jobs: mpsc::Sender<Job>) -> Self {
        Self { id, mode, jobs, shared: Arc::default(), block: Block::default(), has_tail: [false; 2] }
    }

    /// Where the log is, once it is anywhere.
    pub(crate) fn path(&self) -> Option<LogPath> {
        self.is_full().then(|| LogPath(Arc::clone(&self.shared)))
    }

    fn is_full(&self) -> bool {
        self.mode == LogMode::Full
    }

    /// Begins the log. Without a header there is none, only spill files.
    ///
    /// There is no room until the disk has it: what anybody has seen of an execution is found again after a crash of
    /// the host. The child, which takes longer than that to write its first line, does not notice.
    pub(crate) fn begin(&mut self, header: impl FnOnce() -> LogHeader) {
        if self.is_full() {
            self.count(MAX_UNWRITTEN);
            let (header, shared) = (Box::new(header()), Arc::clone(&self.shared));
            self.send(Job::Begin { id: self.id, header, shared });
        }
    }

    /// Logs what was read.
    pub(crate) fn output(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        let Some(last) = bytes.last().filter(|_| self.is_full()) else { return };
        self.has_tail[stream as usize] = *last != b'\n';
        self.block.output(stream, bytes, at);
        if self.block.size() >= BLOCK {
            // As much again is likely.
            self.hand_over(Block::with_capacity(BLOCK));
        }
    }

    /// Logs something the engine did or noticed.
    pub(crate) fn event(&mut self, event: &serde_json::Value, at: DateTime<Utc>) {
        if self.is_full() {
            self.block.event(&event.to_string(), at);
        }
    }

    pub(crate) fn needs_flush(&self) -> bool {
        !self.block.is_empty() || self.has_tail.contains(&true)
    }

    /// Hands over what there is; an unfinished line as a partial record.
    pub(crate) fn flush(&mut self) {
        if self.has_tail.contains(&true) {
            self.has_tail = [false; 2];
            self.block.flush(Utc::now());
        }
        if !self.block.is_empty() {
            self.hand_over(Block::default());
        }
    }

    /// Raw bytes for the stream's own file, which begins with the first of them.
    pub(crate) fn spill(&mut self, stream: OutputStream, bytes: Arc<Vec<u8>>) {
        self.count(bytes.len());
        self.send(Job::Spill { id: self.id, stream, bytes, shared: Arc::clone(&self.shared) });
    }

    pub(crate) fn has_room(&self) -> bool {
        self.shared.unwritten.load(Ordering::Acquire) < MAX_UNWRITTEN
    }

    /// Resolves when the disk has caught up. Cancel-safe.
    pub(crate) async fn room(&self) {
        while !self.has_room() {
            self.shared.written.notified().await;
        }
    }

    /// What went wrong with the log, told once.
    pub(crate) fn take_warning(&mut self) -> Option<String> {
        lock(&self.shared.trouble).take()
    }

    /// Writes what is left and the footer, and closes the files.
    pub(crate) async fn finish(mut self, footer: LogFooter) -> FinishedLog {
        if self.mode == LogMode::Off {
            return FinishedLog::default();
        }
        self.flush();
        let (reply, finished) = oneshot::channel();
        self.send(Job::Finish { id: self.id, footer: Box::new(footer), reply });
        let mut finished = finished.await.unwrap_or_else(|_| FinishedLog {
            error: Some("the thread that writes logs is gone".to_owned()),
            ..FinishedLog::default()
        });
        finished.warning = self.take_warning();
        finished
    }

    fn hand_over(&mut self, next: Block) {
        let block = std::mem::replace(&mut self.block, next);
        self.count(block.size());
        self.send(Job::Write { id: self.id, block, shared: Arc::clone(&self.shared) });
    }

    fn count(&self, unwritten: usize) {
        self.shared.unwritten.fetch_add(unwritten, Ordering::AcqRel);
    }

    fn send(&self, job: Job) {
        let Err(mpsc::SendError(refused)) = self.jobs.send(job) else { return };
        let size = match refused {
            Job::Write { block, .. } => block.size(),
            Job::Spill { bytes, .. } => bytes.len(),
            Job::Begin { .. } => MAX_UNWRITTEN,
            _ => return,
        };
        self.shared.wrote(size);
        self.shared.report("the thread that writes logs is gone".to_owned());
    }
}

impl Default for ExecutionLog {
    /// One that writes nothing.
    fn default() -> Self {
        Self::new(Uuid::nil(), LogMode::Off, mpsc::channel().0)
    }
}

impl Drop for ExecutionLog {
    fn drop(&mut self) {
        if self.mode == LogMode::Off {
            return;
        }
        // After `finish` the writer no longer knows the id, and this does nothing.
        self.send(Job::Abandon { id: self.id });
    }
}
