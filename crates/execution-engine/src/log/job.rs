//! [`Job`]: what an execution's log asks of the writer thread, and [`Shared`], what both see.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use execution_log::{LogFooter, LogHeader, OutputStream};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::formatter::Block;
use crate::result::OutputFiles;
use crate::sync::lock;

/// Handed over and not yet written; beyond that the child waits for the disk.
pub(super) const MAX_UNWRITTEN: usize = 128 * 1024;

/// What the writer thread is asked to do. Jobs of one execution are done in order.
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
    /// The execution's task is gone without a finish.
    Abandon {
        id: Uuid,
    },
    /// Says when everything before it is done.
    Idle(oneshot::Sender<()>),
    #[cfg(test)]
    Panic {
        id: Uuid,
        unwritten: Unwritten,
    },
}

/// What the handle and the writer thread both see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    unwritten: AtomicUsize,
    written: Notify,
    path: OnceLock<PathBuf>,
    trouble: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn has_room(&self) -> bool {
        self.unwritten.load(Ordering::Acquire) < MAX_UNWRITTEN
    }

    /// Resolves when the disk has caught up. Cancel-safe.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.written.notified().await;
        }
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        self.path.get().cloned()
    }

    pub(super) fn set_path(&self, path: PathBuf) {
        let _ = self.path.set(path);
    }

    /// Keeps the first trouble until it is taken.
    pub(super) fn report(&self, trouble: String) {
        lock(&self.trouble).get_or_insert(trouble);
    }

    pub(super) fn take_trouble(&self) -> Option<String> {
        lock(&self.trouble).take()
    }
}

/// Memory that is handed over and not yet written. It counts until this is dropped, even with a job that is
/// never done.
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

/// Tells where a log is, as soon as it is anywhere.
#[derive(Debug, Clone)]
pub(crate) struct LogPath(pub(super) Arc<Shared>);

impl LogPath {
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.0.path()
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
