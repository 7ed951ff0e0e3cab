//! [`ExecutionLog`]: formats what happens to one execution and hands it to the writer thread.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};

use chrono::{DateTime, Utc};
use memchr::memchr;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::record::{self, HEADER_MARK, LogFooter, LogHeader, MAX_PAYLOAD};
use super::service::Job;
use crate::event::OutputStream;
use crate::result::OutputFiles;

/// Handed over in one piece.
const BLOCK: usize = 64 * 1024;
/// Handed over and not yet written; beyond that the child waits for the disk.
const MAX_UNWRITTEN: usize = 256 * 1024;

/// One execution's log, and its spill files.
pub(crate) struct ExecutionLog {
    id: Uuid,
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    block: Vec<u8>,
    /// Unfinished lines, standard output's and standard error's.
    tails: [Vec<u8>; 2],
    /// Times never go back within a log, whatever the clock does.
    last: DateTime<Utc>,
    prefix: String,
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
pub(crate) struct LogPlace(Arc<Shared>);

impl LogPlace {
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
    pub(super) fn wrote(&self, count: usize) {
        self.unwritten.fetch_sub(count, Ordering::Release);
        self.written.notify_one();
    }

    pub(super) fn set_path(&self, path: PathBuf) {
        let _ = self.path.set(path);
    }

    /// The first trouble is told.
    pub(super) fn report(&self, trouble: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

impl ExecutionLog {
    pub(super) fn new(id: Uuid, jobs: mpsc::Sender<Job>) -> Self {
        Self {
            id,
            jobs,
            shared: Arc::default(),
            block: Vec::new(),
            tails: [Vec::new(), Vec::new()],
            last: DateTime::UNIX_EPOCH,
            prefix: String::new(),
        }
    }

    pub(crate) fn place(&self) -> LogPlace {
        LogPlace(Arc::clone(&self.shared))
    }

    /// Begins the log. Without a header there is none, only spill files.
    pub(crate) fn header(&mut self, header: LogHeader) {
        self.send(Job::Begin { id: self.id, header: Box::new(header), shared: Arc::clone(&self.shared) });
    }

    /// Logs what was read. Whole lines become records; the rest waits for its end, or for a flush.
    pub(crate) fn output(&mut self, stream: OutputStream, mut bytes: &[u8], at: DateTime<Utc>) {
        self.stamp(at);
        let slot = stream as usize;
        if !self.tails[slot].is_empty() {
            let end = memchr(b'\n', bytes);
            let (head, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.tails[slot].extend_from_slice(head);
            bytes = rest;
            let mut tail = std::mem::take(&mut self.tails[slot]);
            let kept = self.lines(stream, &tail);
            tail.drain(..kept);
            self.tails[slot] = tail;
        }
        let used = self.lines(stream, bytes);
        self.tails[slot].extend_from_slice(&bytes[used..]);
        if self.block.len() >= BLOCK {
            self.hand_over();
        }
    }

    /// Formats the whole lines of `bytes` and full-sized parts of an unfinished one; says how many
    /// bytes that were.
    fn lines(&mut self, stream: OutputStream, bytes: &[u8]) -> usize {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            match memchr(b'\n', &rest[..rest.len().min(MAX_PAYLOAD + 1)]) {
                Some(end) => {
                    self.record(stream, ' ', &rest[..end]);
                    used += end + 1;
                }
                None if rest.len() > MAX_PAYLOAD => {
                    self.record(stream, '+', &rest[..MAX_PAYLOAD]);
                    used += MAX_PAYLOAD;
                }
                None => return used,
            }
        }
    }

    fn record(&mut self, stream: OutputStream, mark: char, payload: &[u8]) {
        let letter = match stream {
            OutputStream::Stdout => b'O',
            OutputStream::Stderr => b'E',
        };
        self.block.extend_from_slice(self.prefix.as_bytes());
        self.block.extend_from_slice(&[b' ', letter, mark as u8, b' ']);
        self.block.extend_from_slice(payload);
        self.block.push(b'\n');
    }

    /// Logs something the engine did or noticed.
    pub(crate) fn event(&mut self, event: &serde_json::Value, at: DateTime<Utc>) {
        self.stamp(at);
        self.block.extend_from_slice(self.prefix.as_bytes());
        self.block.extend_from_slice(format!(" #  {event}\n").as_bytes());
    }

    /// Formatted once for all lines of a read.
    fn stamp(&mut self, at: DateTime<Utc>) {
        if at > self.last {
            self.last = at;
            self.prefix = record::timestamp(at);
        }
    }

    pub(crate) fn needs_flush(&self) -> bool {
        !self.block.is_empty() || self.tails.iter().any(|tail| !tail.is_empty())
    }

    /// Hands over what there is; an unfinished line as a partial record.
    pub(crate) fn flush(&mut self) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let tail = std::mem::take(&mut self.tails[stream as usize]);
            if !tail.is_empty() {
                self.record(stream, '+', &tail);
            }
        }
        self.hand_over();
    }

    /// Raw bytes for the stream's own file, which begins with the first of them.
    pub(crate) fn spill(&mut self, stream: OutputStream, bytes: &[u8]) {
        self.write(Some(stream), bytes.to_vec());
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
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes what is left and the footer, and closes the files.
    pub(crate) async fn finish(mut self, footer: Option<LogFooter>) -> FinishedLog {
        self.flush();
        let (reply, finished) = oneshot::channel();
        self.send(Job::Finish { id: self.id, footer: footer.map(Box::new), reply });
        let mut finished = finished.await.unwrap_or_else(|_| FinishedLog {
            error: Some("the thread that writes logs is gone".to_owned()),
            ..FinishedLog::default()
        });
        finished.warning = self.take_warning();
        finished
    }

    fn hand_over(&mut self) {
        if !self.block.is_empty() {
            let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK + MAX_PAYLOAD));
            self.write(None, block);
        }
    }

    fn write(&mut self, spill: Option<OutputStream>, bytes: Vec<u8>) {
        self.shared.unwritten.fetch_add(bytes.len(), Ordering::AcqRel);
        self.send(Job::Write { id: self.id, spill, bytes, shared: Arc::clone(&self.shared) });
    }

    fn send(&self, job: Job) {
        if let Err(mpsc::SendError(Job::Write { bytes, shared, .. })) = self.jobs.send(job) {
            shared.wrote(bytes.len());
            shared.report("the thread that writes logs is gone".to_owned());
        }
    }
}

impl Drop for ExecutionLog {
    fn drop(&mut self) {
        // After `finish` the writer no longer knows the id, and this does nothing.
        self.send(Job::Abandon { id: self.id });
    }
}

/// A mark and JSON, its fields in the order of their declaration.
pub(super) fn json_line(mark: &str, value: &impl serde::Serialize) -> String {
    // These types have string keys only: writing them cannot fail.
    format!("{mark}{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// The first line of a part.
pub(super) fn header_line(header: &LogHeader) -> String {
    json_line(HEADER_MARK, header)
}
