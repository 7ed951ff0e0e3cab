//! Admission: how many run at once, and who is next.
//!
//! Places are handed over, not raced for: a place that becomes free goes to the one that has waited
//! longest, in the order of `execute` calls. (A semaphore would serve tasks in the order in which the
//! runtime happened to poll them first.)

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::sync::lock;

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
    /// Of places that are free, but whose last holder's end was not told yet.
    untold: Vec<Told>,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A place. Dropping it gives the place to the next in line.
#[derive(Debug)]
pub(crate) struct Permit {
    /// `None` once the place was passed on.
    queue: Option<Arc<AdmissionQueue>>,
    /// Who had it before.
    before: Option<Told>,
}

/// Closed when the end of a place's last holder was told.
type Told = oneshot::Receiver<()>;

/// Keeps whoever got the place from beginning, until it is dropped.
#[derive(Debug)]
pub(crate) struct LastWord {
    _untold: oneshot::Sender<()>,
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
        let state = Mutex::new(State { taken: 0, untold: Vec::new(), waiting: VecDeque::new() });
        Arc::new(Self { state, limit, max_waiting })
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Admission {
        let mut state = self.lock();
        if state.taken < self.limit {
            state.taken += 1;
            let before = state.untold.pop();
            return Admission::Granted(Permit { queue: Some(Arc::clone(self)), before });
        }
        if state.waiting.len() >= self.max_waiting {
            return Admission::Full { waiting: state.waiting.len() };
        }
        let (sender, grant) = oneshot::channel();
        state.waiting.push_back(sender);
        Admission::Waiting(Ticket { grant, queue: Arc::clone(self) })
    }

    fn release(self: Arc<Self>, mut before: Option<Told>) {
        let mut state = self.lock();
        while let Some(next) = state.waiting.pop_front() {
            match next.send(Permit { queue: Some(Arc::clone(&self)), before }) {
                Ok(()) => return,
                // Left the line meanwhile. Its permit must not come back here: the lock is held.
                Err(mut refused) => {
                    refused.queue = None;
                    before = refused.before.take();
                }
            }
        }
        state.taken -= 1;
        state.untold.retain_mut(|told| told.try_recv() == Err(TryRecvError::Empty));
        state.untold.extend(before);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
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

impl Permit {
    /// Resolves when the end of whoever had the place before was told: who counts events never sees
    /// more at once than the limit.
    pub(crate) async fn begin(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = before.await;
        }
    }

    /// Gives the place on before the end is told, so that whoever is told finds a free place; the next
    /// one begins afterwards.
    pub(crate) fn hand_over(mut self) -> LastWord {
        let (untold, told) = oneshot::channel();
        if let Some(queue) = self.queue.take() {
            queue.release(Some(told));
        }
        LastWord { _untold: untold }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.release(self.before.take());
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
    async fn who_gets_a_place_begins_when_the_end_of_the_last_holder_was_told() {
        let queue = AdmissionQueue::new(1, 10);
        let (running, mut ticket) = (granted(&queue), waiting(&queue));
        let last_word = running.hand_over();
        let mut permit = ticket.granted().await;
        let beginning = tokio::spawn(async move { (permit.begin().await, permit).1 });
        tokio::task::yield_now().await;
        assert!(!beginning.is_finished());
        drop(last_word);
        let last_word = beginning.await.unwrap().hand_over();

        // The place is free at once, also for somebody who did not wait in line.
        let mut permit = granted(&queue);
        let beginning = tokio::spawn(async move { permit.begin().await });
        tokio::task::yield_now().await;
        assert!(!beginning.is_finished());
        drop(last_word);
        beginning.await.unwrap();
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
