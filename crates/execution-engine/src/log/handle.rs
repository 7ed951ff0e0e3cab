//! [`ExecutionLog`]: collects what happens to one execution and hands it to the writer thread.

use std::sync::{Arc, mpsc};

use chrono::{DateTime, Utc};
use execution_log::{LogFooter, LogHeader, OutputStream};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::formatter::Block;
use super::job::{FinishedLog, Job, LogPath, MAX_UNWRITTEN, Shared, Unwritten};
use crate::per_stream::PerStream;

/// Size of a block that is handed over.
const BLOCK: usize = 64 * 1024;
/// The warning when no writer takes the jobs.
const NO_WRITER: &str = "the thread that writes logs is gone";

/// What is written for one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogMode {
    Off,
    /// No log, only files with whole streams.
    SpillOnly,
    Full,
}

/// One execution's log and spill files. Ignores whatever its mode does not write.
pub(crate) struct ExecutionLog {
    id: Uuid,
    mode: LogMode,
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    block: Block,
    /// Whether a line is unfinished, per stream.
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

    /// Where the log is, as soon as it exists.
    pub(crate) fn path(&self) -> Option<LogPath> {
        self.is_full().then(|| LogPath(Arc::clone(&self.shared)))
    }

    fn is_full(&self) -> bool {
        self.mode == LogMode::Full
    }

    /// Starts the log. Without a header there is none, only spill files.
    ///
    /// Until the header is on disk, the log counts as full: whatever is seen of an execution can be found
    /// after a crash of the host. The child takes longer than that to write its first line, so it does not
    /// notice.
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
            // The next block is probably as large.
            self.hand_over(Block::with_capacity(BLOCK));
        }
    }

    /// Logs what the engine did or noticed.
    pub(crate) fn event(&mut self, event: &serde_json::Value, at: DateTime<Utc>) {
        if self.is_full() {
            self.block.event(&event.to_string(), at);
        }
    }

    pub(crate) fn needs_flush(&self) -> bool {
        !self.block.is_empty() || self.has_tail.iter().any(|has_tail| *has_tail)
    }

    /// Hands over the open block; an unfinished line becomes a partial record.
    pub(crate) fn flush(&mut self) {
        if self.has_tail.iter().any(|has_tail| *has_tail) {
            self.has_tail = PerStream::default();
            self.block.flush(Utc::now());
        }
        if !self.block.is_empty() {
            self.hand_over(Block::default());
        }
    }

    /// Whether more of the stream goes to its own file. Once that has ended, nothing is copied for it.
    pub(crate) fn takes_spill(&self, stream: OutputStream) -> bool {
        !self.shared.has_spill_ended(stream)
    }

    /// Raw bytes for the stream's own file; the first ones create it.
    pub(crate) fn spill(&mut self, stream: OutputStream, bytes: Arc<Vec<u8>>) {
        let unwritten = self.unwritten(bytes.len());
        self.send(Job::Spill { id: self.id, stream, bytes, unwritten });
    }

    pub(crate) fn has_capacity(&self) -> bool {
        self.shared.has_capacity()
    }

    /// Resolves when the disk has caught up. Cancel-safe.
    pub(crate) async fn caught_up(&self) {
        self.shared.caught_up().await;
    }

    /// What went wrong since the last call.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.shared.take_troubles()
    }

    /// Writes the rest and the footer, and closes the files.
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
        finished.warnings.splice(..0, self.take_warnings());
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
    /// A log that writes nothing.
    fn default() -> Self {
        Self::new(Uuid::nil(), LogMode::Off, mpsc::channel().0)
    }
}

impl Drop for ExecutionLog {
    fn drop(&mut self) {
        if self.mode == LogMode::Off {
            return;
        }
        // After `finish`, the writer no longer knows the id and ignores this.
        self.send(Job::Abandon { id: self.id });
    }
}
