//! [`ExecutionLog`]: gathers what happens to one execution and hands it to the writer thread.

use std::sync::{Arc, mpsc};

use chrono::{DateTime, Utc};
use execution_log::{LogFooter, LogHeader, OutputStream};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::formatter::Block;
use super::job::{FinishedLog, Job, LogPath, MAX_UNWRITTEN, Shared, Unwritten};
use crate::per_stream::PerStream;

/// Handed over in one piece.
const BLOCK: usize = 64 * 1024;
/// What is said when nothing takes the jobs.
const NO_WRITER: &str = "the thread that writes logs is gone";

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
    has_tail: PerStream<bool>,
}

impl ExecutionLog {
    pub(super) fn new(id: Uuid, mode: LogMode, jobs: mpsc::Sender<Job>) -> Self {
        Self {
            id,
            mode,
            jobs,
            shared: Arc::default(),
            block: Block::default(),
            has_tail: PerStream::default(),
        }
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
    /// There is no room until the disk has it: an execution whose output was seen can be found again after
    /// the host has crashed. The child takes longer than that to write its first line, and does not notice.
    pub(crate) fn begin(&mut self, header: impl FnOnce() -> LogHeader) {
        if self.is_full() {
            let (header, unwritten) = (Box::new(header()), self.unwritten(MAX_UNWRITTEN));
            self.send(Job::Begin { id: self.id, header, unwritten });
        }
    }

    /// Logs what was read.
    pub(crate) fn output(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        let Some(last) = bytes.last().filter(|_| self.is_full()) else { return };
        self.has_tail[stream] = *last != b'\n';
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
        !self.block.is_empty() || self.has_tail.iter().any(|has_tail| *has_tail)
    }

    /// Hands over what there is; an unfinished line as a partial record.
    pub(crate) fn flush(&mut self) {
        if self.has_tail.iter().any(|has_tail| *has_tail) {
            self.has_tail = PerStream::default();
            self.block.flush(Utc::now());
        }
        if !self.block.is_empty() {
            self.hand_over(Block::default());
        }
    }

    /// Raw bytes for the stream's own file, which begins with the first of them.
    pub(crate) fn spill(&mut self, stream: OutputStream, bytes: Arc<Vec<u8>>) {
        let unwritten = self.unwritten(bytes.len());
        self.send(Job::Spill { id: self.id, stream, bytes, unwritten });
    }

    pub(crate) fn has_room(&self) -> bool {
        self.shared.has_room()
    }

    /// Resolves when the disk has caught up. Cancel-safe.
    pub(crate) async fn room(&self) {
        self.shared.room().await;
    }

    /// What went wrong with the log, returned once.
    pub(crate) fn take_warning(&mut self) -> Option<String> {
        self.shared.take_trouble()
    }

    /// Writes what is left and the footer, and closes the files.
    pub(crate) async fn finish(mut self, footer: LogFooter) -> FinishedLog {
        if self.mode == LogMode::Off {
            return FinishedLog::default();
        }
        self.flush();
        let (reply, finished) = oneshot::channel();
        self.send(Job::Finish { id: self.id, footer: Box::new(footer), reply });
        let mut finished = finished
            .await
            .unwrap_or_else(|_| FinishedLog { error: Some(NO_WRITER.to_owned()), ..FinishedLog::default() });
        finished.warning = self.take_warning();
        finished
    }

    #[cfg(test)]
    pub(super) fn panic_writer(&self) {
        self.send(Job::Panic { id: self.id, unwritten: self.unwritten(MAX_UNWRITTEN) });
    }

    fn hand_over(&mut self, next: Block) {
        let block = std::mem::replace(&mut self.block, next);
        let unwritten = self.unwritten(block.size());
        self.send(Job::Write { id: self.id, block, unwritten });
    }

    fn unwritten(&self, size: usize) -> Unwritten {
        Unwritten::new(size, &self.shared)
    }

    fn send(&self, job: Job) {
        if self.jobs.send(job).is_err() {
            self.shared.report(NO_WRITER.to_owned());
        }
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
