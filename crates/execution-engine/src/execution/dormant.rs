//! [`Dormant`]: a future that is polled only when something has woken it.
//!
//! A task that waits for several things is woken for one and polls them all. If one of them comes fifty
//! thousand times a second and the others once in a lifetime, polling those others is most of the work.
//! (futures-concurrency's `race` and `FuturesUnordered` do the same for sets of futures.)

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// Polls its future only after that was woken.
pub(crate) struct Dormant<'a, F> {
    future: Pin<&'a mut F>,
    bell: Arc<Bell>,
    /// Wakes the future and the task.
    waker: Waker,
    /// The task's waker, as the bell knows it.
    task: Waker,
}

struct Bell {
    rang: AtomicBool,
    task: Mutex<Waker>,
}

impl<'a, F: Future> Dormant<'a, F> {
    /// The first poll always happens, as every future needs it.
    pub(crate) fn new(future: Pin<&'a mut F>) -> Self {
        let bell = Arc::new(Bell { rang: AtomicBool::new(true), task: Mutex::new(Waker::noop().clone()) });
        Self { future, waker: Waker::from(Arc::clone(&bell)), bell, task: Waker::noop().clone() }
    }
}

impl<F: Future> Future for Dormant<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if !self.task.will_wake(context.waker()) {
            self.task.clone_from(context.waker());
            self.bell.answered_by(&self.task);
        }
        // After the task is known: a ring in between is not lost, it wakes the task.
        if !self.bell.rang.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let Self { future, waker, .. } = &mut *self;
        future.as_mut().poll(&mut Context::from_waker(waker))
    }
}

impl Bell {
    fn answered_by(&self, task: &Waker) {
        lock(&self.task).clone_from(task);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A swap like the poll's, so that the two take turns in one order: loom does not follow a mere store
        // there.
        self.rang.swap(true, Ordering::AcqRel);
        let task = lock(&self.task).clone();
        task.wake();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn it_is_polled_only_when_its_own_waker_fired() {
        let (polls, call, other) = (AtomicUsize::new(0), Notify::new(), Notify::new());
        let mut called = pin!(call.notified());
        let mut counted = pin!(poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            called.as_mut().poll(context)
        }));
        let mut dormant = Dormant::new(counted.as_mut());
        for _ in 0..100 {
            other.notify_one();
            tokio::select! {
                biased;
                () = &mut dormant => panic!("no call was made"),
                () = other.notified() => {}
            }
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        call.notify_one();
        dormant.await;
        assert_eq!(polls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_call_wakes_whatever_task_waits_now() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<u8>();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(async move {
            let mut receiver = pin!(receiver);
            let mut dormant = Dormant::new(receiver.as_mut());
            // Registered with one waker first, then awaited under another.
            poll_fn(|_| {
                let mut idle = Context::from_waker(Waker::noop());
                assert!(Pin::new(&mut dormant).poll(&mut idle).is_pending());
                Poll::Ready(())
            })
            .await;
            ready.send(()).unwrap();
            dormant.await
        });
        is_ready.await.unwrap();
        sender.send(7).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(7));
    }
}
