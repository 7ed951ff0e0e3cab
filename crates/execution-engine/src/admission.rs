//! Admission: how many run at once, and which is next.
//!
//! A semaphore grants its permits in the order in which they were requested. A task requests one when the
//! runtime first polls it, and that may happen in any order. So [`AdmissionQueue::enter`] polls the request
//! itself: the order is that of the `execute` calls.
//!
//! A slot is free before its holder's terminal event is delivered, so that a subscriber that learns of the
//! end can use it. The next holder waits for that delivery, so that counting events never shows more running
//! executions than the limit.

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
    /// One permit per admitted execution, running or waiting.
    admitted: Arc<Semaphore>,
    /// One permit per running execution.
    slots: Arc<Semaphore>,
    /// Handovers of free slots whose last holder's terminal event may not be delivered yet. Never more than
    /// there are slots.
    handovers: Mutex<Vec<Handover>>,
    max_waiting: usize,
}

/// Closes when the terminal event of a slot's last holder was delivered.
type Handover = oneshot::Receiver<()>;

/// The queue is at its limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueFull {
    pub(crate) waiting: usize,
}

/// A position in the queue. Dropping it leaves the queue.
pub(crate) struct Ticket {
    queue: Arc<AdmissionQueue>,
    admitted: OwnedSemaphorePermit,
    slot: Slot,
}

enum Slot {
    Held(OwnedSemaphorePermit),
    Requested(Pin<Box<dyn Future<Output = OwnedSemaphorePermit> + Send>>),
}

/// The right to run. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct Permit {
    queue: Arc<AdmissionQueue>,
    /// The last holder's handover, which must close first.
    previous: Option<Handover>,
    // Declared first, so dropped first: whenever a slot is free, its next holder can be admitted.
    _admitted: OwnedSemaphorePermit,
    _slot: OwnedSemaphorePermit,
}

/// Keeps the slot's next holder waiting until it is dropped.
#[derive(Debug)]
pub(crate) struct HandoverGuard {
    _delivered: oneshot::Sender<()>,
}

impl AdmissionQueue {
    pub(crate) fn new(limit: usize, max_waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            admitted: Arc::new(Semaphore::new(limit + max_waiting)),
            slots: Arc::new(Semaphore::new(limit)),
            handovers: Mutex::new(Vec::new()),
            max_waiting,
        })
    }

    /// Takes the next position.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Ticket, QueueFull> {
        let Ok(admitted) = Arc::clone(&self.admitted).try_acquire_owned() else {
            return Err(QueueFull { waiting: self.max_waiting });
        };
        let slots = Arc::clone(&self.slots);
        // Unconstrained: without budget left, tokio would return `Pending` before the request is queued.
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
        Ok(Ticket { queue: Arc::clone(self), admitted, slot })
    }
}

impl Ticket {
    /// Whether all slots were taken on entry.
    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.slot, Slot::Requested(_))
    }

    /// Resolves when a slot is granted and its last holder's terminal event was delivered.
    pub(crate) async fn granted(self) -> Permit {
        let slot = match self.slot {
            Slot::Held(slot) => slot,
            Slot::Requested(slot) => slot.await,
        };
        let previous = lock(&self.queue.handovers).pop();
        let mut permit = Permit { queue: self.queue, previous, _admitted: self.admitted, _slot: slot };
        if let Some(previous) = &mut permit.previous {
            let _ = previous.await;
        }
        permit.previous = None;
        permit
    }
}

impl Permit {
    /// Frees the slot. Its next holder runs when the guard is dropped.
    pub(crate) fn hand_over(mut self) -> HandoverGuard {
        let (delivered, handover) = oneshot::channel();
        self.previous = Some(handover);
        HandoverGuard { _delivered: delivered }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Before the slot is free, so that its next holder finds it.
        if let Some(previous) = self.previous.take() {
            lock(&self.queue.handovers).push(previous);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn free(queue: &Arc<AdmissionQueue>) -> Ticket {
        let ticket = queue.enter().expect("the queue is not full");
        assert!(!ticket.is_queued());
        ticket
    }

    fn queued(queue: &Arc<AdmissionQueue>) -> Ticket {
        let ticket = queue.enter().expect("the queue is not full");
        assert!(ticket.is_queued());
        ticket
    }

    /// The ticket's permit, which is granted only once the last holder's end was delivered.
    async fn granted_after_delivery(ticket: Ticket, delivery: HandoverGuard) -> Permit {
        let waiting = tokio::spawn(ticket.granted());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(delivery);
        waiting.await.expect("granted")
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
        let permit = granted_after_delivery(ticket, running.hand_over()).await;
        // The slot is free at once, even for a ticket that was not queued.
        let delivery = permit.hand_over();
        granted_after_delivery(free(&queue), delivery).await;
    }

    #[tokio::test]
    async fn one_that_leaves_while_it_waits_for_a_delivery_leaves_the_wait_to_the_next() {
        let queue = AdmissionQueue::new(1, 10);
        let delivery = free(&queue).granted().await.hand_over();
        let leaving = tokio::spawn(free(&queue).granted());
        tokio::task::yield_now().await;
        leaving.abort();
        assert!(leaving.await.unwrap_err().is_cancelled());
        granted_after_delivery(free(&queue), delivery).await;
    }

    #[tokio::test]
    async fn leaving_the_queue_passes_the_slot_on() {
        let queue = AdmissionQueue::new(1, 10);
        let running = free(&queue).granted().await;
        let (first, second) = (queued(&queue), queued(&queue));
        drop(running);
        // `first` was granted the slot but never polled.
        drop(first);
        drop(second.granted().await);
        drop(free(&queue));
        assert_eq!((queue.slots.available_permits(), queue.admitted.available_permits()), (1, 11));
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

    /// Scanning the whole queue for each one took a minute.
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
