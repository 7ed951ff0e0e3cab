//! Admission: how many run at once, and who is next.
//!
//! Places are handed over, not raced for: a place that becomes free goes to the one that has waited
//! longest, in the order of `execute` calls. (A semaphore would serve tasks in the order in which the
//! runtime happened to poll them first.)

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Hands out at most `limit` places and keeps at most `max_waiting` in line.
#[derive(Debug)]
pub(crate) struct AdmissionQueue {
    state: Mutex<State>,
    limit: usize,
    max_waiting: usize,
}

#[derive(Debug)]
struct State {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A place. Dropping it gives the place to the next in line.
#[derive(Debug)]
pub(crate) struct Permit {
    /// `None` once the place was passed on.
    queue: Option<Arc<AdmissionQueue>>,
}

/// What became of a request for a place.
#[derive(Debug)]
pub(crate) enum Admission {
    /// A place was free.
    Granted(Permit),
    /// In line. Dropping the ticket leaves the line.
    Waiting(Ticket),
    /// The line is as long as allowed.
    Full {
        /// Its length.
        waiting: usize,
    },
}

/// A position in line.
#[derive(Debug)]
pub(crate) struct Ticket {
    grant: oneshot::Receiver<Permit>,
    queue: Arc<AdmissionQueue>,
}

impl AdmissionQueue {
    pub(crate) fn new(limit: usize, max_waiting: usize) -> Arc<Self> {
        let state = Mutex::new(State { taken: 0, waiting: VecDeque::new() });
        Arc::new(Self { state, limit, max_waiting })
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Admission {
        let mut state = self.lock();
        if state.taken < self.limit {
            state.taken += 1;
            return Admission::Granted(Permit { queue: Some(Arc::clone(self)) });
        }
        if state.waiting.len() >= self.max_waiting {
            return Admission::Full { waiting: state.waiting.len() };
        }
        let (sender, grant) = oneshot::channel();
        state.waiting.push_back(sender);
        Admission::Waiting(Ticket { grant, queue: Arc::clone(self) })
    }

    fn release(self: Arc<Self>) {
        let mut state = self.lock();
        while let Some(next) = state.waiting.pop_front() {
            match next.send(Permit { queue: Some(Arc::clone(&self)) }) {
                Ok(()) => return,
                // Left the line meanwhile. Its permit must not come back here: the lock is held.
                Err(mut refused) => refused.queue = None,
            }
        }
        state.taken -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Resolves when it is this one's turn. Cancel-safe.
    pub(crate) async fn granted(&mut self) -> Permit {
        // The sender lives in the queue that this ticket keeps alive, and leaves it only by sending.
        match (&mut self.grant).await {
            Ok(permit) => permit,
            Err(_closed) => std::future::pending().await,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.grant.close();
        self.queue.lock().waiting.retain(|waiter| !waiter.is_closed());
        // A permit that was sent but not yet received is dropped with the receiver, and passes on.
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(queue: &Arc<AdmissionQueue>) -> Permit {
        match queue.enter() {
            Admission::Granted(permit) => permit,
            other => panic!("{other:?}"),
        }
    }

    fn waiting(queue: &Arc<AdmissionQueue>) -> Ticket {
        match queue.enter() {
            Admission::Waiting(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_longest_waiting_is_next_whoever_asks_first() {
        let queue = AdmissionQueue::new(1, 10);
        let running = granted(&queue);
        let (mut first, mut second) = (waiting(&queue), waiting(&queue));
        // Polled in the wrong order on purpose.
        let late = tokio::spawn(async move { second.granted().await });
        tokio::task::yield_now().await;
        drop(running);
        let permit = first.granted().await;
        assert!(!late.is_finished());
        drop(permit);
        late.await.unwrap();
    }

    #[tokio::test]
    async fn leaving_the_line_passes_the_place_on() {
        let queue = AdmissionQueue::new(1, 10);
        let running = granted(&queue);
        let (first, mut second) = (waiting(&queue), waiting(&queue));
        drop(running);
        // `first` was granted the place but never looked.
        drop(first);
        drop(second.granted().await);
        drop(second);
        drop(granted(&queue));
        assert_eq!(queue.lock().taken, 0);
    }

    #[test]
    fn a_full_line_says_how_long_it_is_and_shrinks_when_someone_leaves() {
        let queue = AdmissionQueue::new(1, 1);
        let _running = granted(&queue);
        let ticket = waiting(&queue);
        assert!(matches!(queue.enter(), Admission::Full { waiting: 1 }));
        drop(ticket);
        assert!(matches!(queue.enter(), Admission::Waiting(_)));
    }
}
