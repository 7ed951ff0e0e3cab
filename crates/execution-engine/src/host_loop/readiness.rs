//! [`Readiness`]: whether a pipe can be read, set by one thread and read by another.

use std::task::{Context, Poll, Waker};

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, lock};

/// There may be bytes to read.
const READABLE: u8 = 1;
/// All writers are gone. It stays: no edge follows the hang-up, so only reads can find the end of file.
const CLOSED: u8 = 2;

/// A pipe's readiness, and the waker of its reader.
#[derive(Debug)]
pub(crate) struct Readiness {
    state: AtomicU8,
    waker: Mutex<Waker>,
}

impl Readiness {
    /// Readable at first: no edge announces what came before it was watched.
    pub(crate) fn new() -> Self {
        Self { state: AtomicU8::new(READABLE), waker: Mutex::new(Waker::noop().clone()) }
    }

    /// Handles an edge: marks the pipe readable, and closed if it hung up. Returns the reader's waker.
    pub(crate) fn set(&self, is_closed: bool) -> Waker {
        let edge = if is_closed { READABLE | CLOSED } else { READABLE };
        self.state.fetch_or(edge, Ordering::AcqRel);
        lock(&self.waker).clone()
    }

    /// Ready when there may be something to read; wakes the task that polled last.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_ready() {
            return Poll::Ready(());
        }
        {
            let mut waker = lock(&self.waker);
            if !waker.will_wake(context.waker()) {
                waker.clone_from(context.waker());
            }
        }
        // Checked again, now that the waker is registered: an edge in between woke no task.
        if self.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Claims one read. False: there is nothing to read.
    ///
    /// Before the read, so that bytes that arrive during it make the pipe readable again.
    pub(crate) fn claim(&self) -> bool {
        self.state.fetch_and(!READABLE, Ordering::AcqRel) != 0
    }

    /// The claimed read has not emptied the pipe.
    pub(crate) fn unclaim(&self) {
        self.state.fetch_or(READABLE, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.state.load(Ordering::Acquire) != 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn is_ready(readiness: &Readiness) -> bool {
        readiness.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_read_that_empties_the_pipe_waits_for_the_next_edge() {
        let readiness = Readiness::new();
        assert!(is_ready(&readiness) && readiness.claim());
        assert!(!is_ready(&readiness) && !readiness.claim());
        readiness.set(false);
        assert!(is_ready(&readiness) && readiness.claim());
        readiness.unclaim();
        assert!(is_ready(&readiness));
    }

    #[test]
    fn a_closed_pipe_stays_readable() {
        let readiness = Readiness::new();
        readiness.set(true);
        for _ in 0..3 {
            assert!(is_ready(&readiness) && readiness.claim());
        }
    }
}
