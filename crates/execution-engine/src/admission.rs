//! Admission: how many run at once, and which is next.
//!
//! A semaphore hands its permits over in the order in which it was asked. A task asks when the runtime first
//! polls it, which may be in any order; so [`AdmissionQueue::enter`] asks, and the order is that of the
//! `execute` calls.
//!
//! A slot is free before the terminal event of its holder is delivered, so that a subscriber that learns of
//! the end can use it; but its next holder waits for that delivery, so that who counts events never sees more
//! at once than the limit.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use tokio::task::unconstrained;

use crate::sync::{Mutex, OwnedSemaphorePermit, Semaphore, lock};

/// At most `limit` run and at most `max_waiting` wait.
#[derive(Debug)]
pub(crate) struct AdmissionQueue {
    /// For everything that was admitted, whether it runs or waits.
    room: Arc<Semaphore>,
    /// For what runs.
    slots: Arc<Semaphore>,
    /// Of free slots whose last holder's terminal event may still be on its way. No more than there are
    /// slots.
    handovers: Mutex<Vec<Handover>>,
    max_waiting: usize,
}

/// Closed when the terminal event of a slot's last holder was delivered.
type Handover = oneshot::Receiver<()>;

/// As many wait as may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueFull {
    pub(crate) waiting: usize,
}

/// A position in the queue. Dropping it leaves the queue.
pub(crate) struct Ticket {
    queue: Arc<AdmissionQueue>,
    room: OwnedSemaphorePermit,
    slot: Slot,
}

enum Slot {
    Held(OwnedSemaphorePermit),
    Requested(Pin<Box<dyn Future<Output = OwnedSemaphorePermit> + Send>>),
}

/// The right to run. Dropping it passes the slot on.
#[derive(Debug)]
pub(crate) struct Permit {
    queue: Arc<AdmissionQueue>,
    /// What the last holder left to wait for.
    previous: Option<Handover>,
    // Room first: where a slot is free, there is room for its next holder.
    _room: OwnedSemaphorePermit,
    _slot: OwnedSemaphorePermit,
}

/// Keeps the slot's next holder from running until it is dropped.
#[derive(Debug)]
pub(crate) struct HandoverGuard {
    _delivered: oneshot::Sender<()>,
}

impl AdmissionQueue {
    pub(crate) fn new(limit: usize, max_waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            room: Arc::new(Semaphore::new(limit + max_waiting)),
            slots: Arc::new(Semaphore::new(limit)),
            handovers: Mutex::new(Vec::new()),
            max_waiting,
        })
    }

    /// Takes the next position.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Ticket, QueueFull> {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return Err(QueueFull { waiting: self.max_waiting });
        };
        let slots = Arc::clone(&self.slots);
        // Unconstrained: a task that has used up its budget would be sent away before it is in the queue.
        let mut slot = Box::pin(unconstrained(async move {
            match slots.acquire_owned().await {
                Ok(slot) => slot,
                // The semaphore is never closed.
                Err(_closed) => pending().await,
            }
        }));
        let slot = match slot.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => Slot::Held(slot),
            Poll::Pending => Slot::Requested(slot),
        };
        Ok(Ticket { queue: Arc::clone(self), room, slot })
    }
}

impl Ticket {
    /// Whether all slots were taken.
    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.slot, Slot::Requested(_))
    }

    /// Resolves when there is a slot and nothing of its last holder is still to be seen.
    pub(crate) async fn granted(self) -> Permit {
        let slot = match self.slot {
            Slot::Held(slot) => slot,
            Slot::Requested(slot) => slot.await,
        };
        let previous = lock(&self.queue.handovers).pop();
        let mut permit = Permit { queue: self.queue, previous, _room: self.room, _slot: slot };
        if let Some(previous) = &mut permit.previous {
            let _ = previous.await;
        }
        permit.previous = None;
        permit
    }
}

impl Permit {
    /// Passes the slot on. Its next holder runs when the guard is dropped.
    pub(crate) fn hand_over(mut self) -> HandoverGuard {
        let (delivered, handover) = oneshot::channel();
        self.previous = Some(handover);
        HandoverGuard { _delivered: delivered }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Before the slot is free: its next holder finds it.
        if let Some(previous) = self.previous.take() {
            lock(&self.queue.handovers).push(previous);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn free(queue: &Arc<AdmissionQueue>) -> Ticket {
        let ticket = queue.enter().expect("there is room");
        assert!(!ticket.is_queued());
        ticket
    }

    fn queued(queue: &Arc<AdmissionQueue>) -> Ticket {
        let ticket = queue.enter().expect("there is room");
        assert!(ticket.is_queued());
        ticket
    }

    #[tokio::test]
    async fn the_longest_waiting_is_next_whichever_is_polled_first() {
        let queue = AdmissionQueue::new(1, 10);
        let running = free(&queue).granted().await;
        let (first, second) = (queued(&queue), queued(&queue));
        // Polled in the wrong order on purpose.
        let late = tokio::spawn(second.granted());
        tokio::task::yield_now().await;
        drop(running);
        let permit = first.granted().await;
        assert!(!late.is_finished());
        drop(permit);
        late.await.unwrap();
    }

    #[tokio::test]
    async fn the_next_holder_waits_until_the_end_of_the_last_one_was_delivered() {
        let queue = AdmissionQueue::new(1, 10);
        let (running, ticket) = (free(&queue).granted().await, queued(&queue));
        let guard = running.hand_over();
        let waiting = tokio::spawn(ticket.granted());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(guard);
        let guard = waiting.await.unwrap().hand_over();

        // The slot is free at once, also for one that was not queued.
        let waiting = tokio::spawn(free(&queue).granted());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(guard);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn one_that_leaves_while_it_waits_for_a_delivery_leaves_the_wait_to_the_next() {
        let queue = AdmissionQueue::new(1, 10);
        let guard = free(&queue).granted().await.hand_over();
        let leaving = tokio::spawn(free(&queue).granted());
        tokio::task::yield_now().await;
        leaving.abort();
        assert!(leaving.await.unwrap_err().is_cancelled());

        let waiting = tokio::spawn(free(&queue).granted());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(guard);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn leaving_the_queue_passes_the_slot_on() {
        let queue = AdmissionQueue::new(1, 10);
        let running = free(&queue).granted().await;
        let (first, second) = (queued(&queue), queued(&queue));
        drop(running);
        // `first` has the slot, but never looked.
        drop(first);
        drop(second.granted().await);
        drop(free(&queue));
        assert_eq!((queue.slots.available_permits(), queue.room.available_permits()), (1, 11));
    }

    #[tokio::test]
    async fn a_full_queue_says_how_long_it_is_and_shrinks_when_one_leaves() {
        let queue = AdmissionQueue::new(1, 1);
        let running = free(&queue).granted().await;
        let ticket = queued(&queue);
        assert_eq!(queue.enter().err(), Some(QueueFull { waiting: 1 }));
        drop(ticket);
        let next = queued(&queue);
        drop(running);
        queue.enter().expect("the one that waited has the slot, though it has not looked yet");
        drop(next);
    }

    /// With a look at the whole queue for each it took a minute.
    #[test]
    fn a_hundred_thousand_leave_in_a_moment() {
        let queue = AdmissionQueue::new(1, 100_000);
        let running = free(&queue);
        let waiting: Vec<_> = (0..100_000).map(|_| queued(&queue)).collect();
        let asked = std::time::Instant::now();
        drop(waiting);
        assert!(asked.elapsed() < std::time::Duration::from_secs(30));
        drop(running);
    }
}
