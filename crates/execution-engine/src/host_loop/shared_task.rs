//! [`SharedTask`]: a future that the runtime polls, and for a few lines the host's own thread too.

#[cfg(loom)]
use loom::thread_local;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, TryLockError};
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    static WOKEN: Woken = Woken::default();
}

/// The tasks that a thread has woken and will poll itself.
#[derive(Default)]
struct Woken {
    /// Wake-ups are being collected instead of passed on to the runtime.
    collects: Cell<bool>,
    tasks: RefCell<Vec<Arc<SharedTask>>>,
}

/// A future that two threads poll, one at a time.
pub(crate) struct SharedTask {
    /// `None` while it is polled, and when it is done.
    future: Mutex<Option<BoxFuture>>,
    /// Wakes the runtime's task.
    runner: Mutex<Waker>,
    /// The runtime's task ran while the host's thread was polling, and wants to run again.
    is_missed: AtomicBool,
}

/// The runtime's half, to be spawned. It alone owns the future.
pub(crate) struct Runner(Arc<SharedTask>);

impl SharedTask {
    /// Polls the tasks that `wake` wakes, in this thread. A task that panics is dropped, and its runner
    /// completes.
    pub(crate) fn poll_woken(wake: impl FnOnce()) {
        WOKEN.with(|woken| {
            let collecting = Collecting::new(woken);
            wake();
            let mut tasks = woken.tasks.take();
            drop(collecting);
            tasks.drain(..).for_each(Self::poll_here);
            // Kept, because its capacity serves the next call.
            woken.tasks.replace(tasks);
        });
    }

    fn poll_here(self: Arc<Self>) {
        // The panic hook has reported it, as for a task of the runtime.
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll_future()));
        let is_pending = matches!(polled, Ok(Some(Poll::Pending)));
        // After the future is unlocked, so that a runner that comes now can poll it.
        if !is_pending || self.is_missed.swap(false, Ordering::AcqRel) {
            self.wake_runner();
        }
    }

    /// `None` while another thread polls.
    fn poll_future(self: &Arc<Self>) -> Option<Poll<()>> {
        let mut slot = match self.future.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // Taken out, so that a poll that panics drops it.
        let Some(mut future) = slot.take() else { return Some(Poll::Ready(())) };
        let waker = Waker::from(Arc::clone(self));
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        if poll.is_pending() {
            *slot = Some(future);
        }
        Some(poll)
    }

    fn wake_runner(&self) {
        let runner = lock(&self.runner).clone();
        runner.wake();
    }
}

impl Wake for SharedTask {
    fn wake(self: Arc<Self>) {
        let collects = WOKEN.try_with(|woken| woken.collects.get()).unwrap_or(false);
        if collects {
            WOKEN.with(|woken| woken.tasks.borrow_mut().push(self));
        } else {
            self.wake_runner();
        }
    }
}

/// Collects this thread's wake-ups until it is dropped; the runtime polls those that are left.
struct Collecting<'a>(&'a Woken);

impl<'a> Collecting<'a> {
    fn new(woken: &'a Woken) -> Self {
        woken.collects.set(true);
        Self(woken)
    }
}

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        self.0.collects.set(false);
        for task in self.0.tasks.take() {
            task.wake_runner();
        }
    }
}

impl Runner {
    /// Completes when the future does, whichever thread polls it last.
    pub(crate) fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Arc::new(SharedTask {
            future: Mutex::new(Some(Box::pin(future))),
            runner: Mutex::new(Waker::noop().clone()),
            is_missed: AtomicBool::new(false),
        }))
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let task = &self.0;
        // Registered before the check: a wake-up from now on reaches this task.
        lock(&task.runner).clone_from(context.waker());
        let polled = task.poll_future().or_else(|| {
            task.is_missed.swap(true, Ordering::AcqRel);
            // Checked again: the other thread may have finished in between, with no task to wake.
            task.poll_future()
        });
        polled.unwrap_or(Poll::Pending)
    }
}

impl Drop for Runner {
    /// The future holds wakers that hold this task, a cycle. It is dropped with its runner, done or not.
    fn drop(&mut self) {
        let future = lock(&self.0.future).take();
        drop(future);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_task_woken_on_this_thread_is_polled_on_it() {
        let (waker_to, waker) = oneshot::channel::<Waker>();
        let (done_to, done) = oneshot::channel();
        let mut sender = Some(waker_to);
        let is_called = Arc::new(AtomicBool::new(false));
        let called = Arc::clone(&is_called);
        tokio::spawn(Runner::new(async move {
            poll_fn(|context| {
                if let Some(sender) = sender.take() {
                    sender.send(context.waker().clone()).unwrap();
                }
                if called.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            done_to.send(std::thread::current().id()).unwrap();
        }));
        let waker = waker.await.unwrap();
        let here = std::thread::spawn(move || {
            is_called.store(true, Ordering::Relaxed);
            SharedTask::poll_woken(|| waker.wake());
            std::thread::current().id()
        });
        assert_eq!(done.await.unwrap(), here.join().unwrap());
    }

    /// Publishes its waker, then acts on what the wake-up asks for.
    async fn woken_once(mut waker_to: Option<oneshot::Sender<Waker>>, then: impl FnOnce() + Send) {
        poll_fn(|context| match waker_to.take() {
            Some(sender) => {
                sender.send(context.waker().clone()).expect("awaited");
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
        then();
    }

    #[tokio::test]
    async fn a_panic_in_one_task_keeps_no_other_from_being_polled() {
        let (first_to, first) = oneshot::channel::<Waker>();
        let (second_to, second) = oneshot::channel::<Waker>();
        let (done_to, done) = oneshot::channel();
        let (guard, dropped) = oneshot::channel::<()>();
        tokio::spawn(Runner::new(woken_once(Some(first_to), move || {
            let _guard = guard;
            panic!("in a test")
        })));
        tokio::spawn(Runner::new(woken_once(Some(second_to), move || {
            done_to.send(std::thread::current().id()).unwrap();
        })));
        let wakers = [first.await.unwrap(), second.await.unwrap()];
        let here = std::thread::spawn(move || {
            SharedTask::poll_woken(|| wakers.into_iter().for_each(Waker::wake));
            std::thread::current().id()
        });
        let polled_in = tokio::time::timeout(std::time::Duration::from_secs(30), done).await;
        assert_eq!(polled_in.unwrap().unwrap(), here.join().unwrap());
        dropped.await.unwrap_err();
    }

    #[tokio::test]
    async fn a_panic_while_waking_leaves_woken_tasks_to_the_runtime() {
        let (waker_to, waker) = oneshot::channel::<Waker>();
        let (done_to, done) = oneshot::channel();
        tokio::spawn(Runner::new(woken_once(Some(waker_to), move || done_to.send(()).unwrap())));
        let waker = waker.await.unwrap();
        std::thread::spawn(move || {
            SharedTask::poll_woken(|| {
                waker.wake();
                panic!("in a test")
            });
        })
        .join()
        .unwrap_err();
        tokio::time::timeout(std::time::Duration::from_secs(30), done).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_future_goes_with_its_runner_though_wakers_are_left() {
        let (waker_to, waker) = oneshot::channel::<Waker>();
        let (guard, dropped) = oneshot::channel::<()>();
        let mut sender = Some(waker_to);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.spawn(Runner::new(async move {
            let _guard = guard;
            poll_fn(|context| {
                sender.take().unwrap().send(context.waker().clone()).unwrap();
                Poll::Ready(())
            })
            .await;
            pending::<()>().await;
        }));
        let waker = waker.await.unwrap();
        runtime.shutdown_background();
        dropped.await.unwrap_err();
        waker.wake();
    }
}
