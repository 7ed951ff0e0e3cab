//! [`Job`]: a message to the writer thread, and [`Shared`], the state that both sides see.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use execution_log::{LogFooter, LogHeader, OutputStream};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::formatter::Block;
use crate::per_stream::PerStream;
use crate::sync::lock;

/// Limit of bytes handed over and not yet written; beyond it, the child waits for the disk.
pub(super) const MAX_UNWRITTEN: usize = 128 * 1024;

/// A message to the writer thread. Jobs of one execution are done in order.
pub(super) enum Job {
    Begin {
        id: Uuid,
        header: Box<LogHeader>,
        unwritten: Unwritten,
    },
    /// What happened, for the log.
    Write {
        id: Uuid,
        block: Block,
        unwritten: Unwritten,
    },
    /// Raw bytes for a stream's spill file.
    Spill {
        id: Uuid,
        stream: OutputStream,
        bytes: Arc<Vec<u8>>,
        unwritten: Unwritten,
    },
    Finish {
        id: Uuid,
        footer: Box<LogFooter>,
        reply: oneshot::Sender<FinishedLog>,
    },
    /// The execution's task went away without `Finish`.
    Abandon {
        id: Uuid,
    },
    /// Replies when all earlier jobs are done.
    Idle(oneshot::Sender<()>),
    #[cfg(test)]
    Panic {
        id: Uuid,
        unwritten: Unwritten,
    },
}

/// State that the handle and the writer thread share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    unwritten: AtomicUsize,
    written: Notify,
    /// Where the log is; `None` if it could not be begun.
    path: OnceLock<Option<PathBuf>>,
    /// Whether a stream's own file takes nothing more.
    spill_ended: PerStream<AtomicBool>,
    /// What went wrong and was not reported yet.
    trouble: Mutex<Vec<String>>,
}

impl Shared {
    pub(super) fn has_capacity(&self) -> bool {
        self.unwritten.load(Ordering::Acquire) < MAX_UNWRITTEN
    }

    /// Resolves when the disk has caught up. Cancel-safe.
    pub(super) async fn caught_up(&self) {
        while !self.has_capacity() {
            self.written.notified().await;
        }
    }

    /// Known once the log was begun, or could not be.
    pub(super) fn path(&self) -> Option<&Option<PathBuf>> {
        self.path.get()
    }

    pub(super) fn set_path(&self, path: Option<PathBuf>) {
        let _ = self.path.set(path);
    }

    pub(super) fn has_spill_ended(&self, stream: OutputStream) -> bool {
        self.spill_ended[stream].load(Ordering::Relaxed)
    }

    pub(super) fn end_spill(&self, stream: OutputStream) {
        self.spill_ended[stream].store(true, Ordering::Relaxed);
    }

    pub(super) fn report(&self, trouble: String) {
        lock(&self.trouble).push(trouble);
    }

    pub(super) fn take_troubles(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.trouble))
    }
}

/// Memory that was handed over and not yet written. It counts until it is dropped, even if its job is never
/// done.
pub(super) struct Unwritten {
    size: usize,
    pub(super) shared: Arc<Shared>,
}

impl Unwritten {
    pub(super) fn new(size: usize, shared: &Arc<Shared>) -> Self {
        shared.unwritten.fetch_add(size, Ordering::AcqRel);
        Self { size, shared: Arc::clone(shared) }
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        self.shared.unwritten.fetch_sub(self.size, Ordering::Release);
        self.shared.written.notify_one();
    }
}

/// Publishes where a log is, as soon as it exists.
#[derive(Debug, Clone)]
pub(crate) struct LogPath(pub(super) Arc<Shared>);

impl LogPath {
    /// Where the log is, if it exists by now.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.0.path().cloned().flatten()
    }

    /// Whether the log could not be begun.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.path() == Some(&None)
    }
}

/// Where everything is when the log is closed.
#[derive(Debug, Default)]
pub(crate) struct FinishedLog {
    pub(crate) log: Option<StoredFile>,
    /// The files of whole streams.
    pub(crate) streams: PerStream<Option<StoredFile>>,
    /// Everything that went wrong.
    pub(crate) error: Option<String>,
    /// What of that was not reported yet.
    pub(crate) warnings: Vec<String>,
}

/// A file that is where it should be.
#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) path: PathBuf,
    /// Whether everything is in it.
    pub(crate) is_whole: bool,
}

impl FinishedLog {
    /// The file with most of a stream.
    pub(crate) fn file_of(&self, stream: OutputStream) -> Option<&StoredFile> {
        let files = || [&self.streams[stream], &self.log].into_iter().flatten();
        files().find(|file| file.is_whole).or_else(|| files().next())
    }
}
