//! [`SharedTask`]: an execution that the runtime polls, and for a few lines the host's own thread.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;

use crate::sync::lock;

type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    static WOKEN: Woken = const { Woken { is_wanted: Cell::new(false), tasks: RefCell::new(Vec::new()) } };
}

/// What a thread has woken that has said that it polls this itself.
struct Woken {
    is_wanted: Cell<bool>,
    tasks: RefCell<Vec<Arc<SharedTask>>>,
}

/// A future with two who poll it, one at a time.
pub(crate) struct SharedTask {
    /// Nothing when it is done.
    life: Mutex<Option<Life>>,
    /// Wakes the task of the runtime.
    runner: Mutex<Waker>,
    runtime: Handle,
}

/// The task of the runtime: it alone keeps the future.
struct Runner(Arc<SharedTask>);

impl SharedTask {
    /// Runs to the end, whoever polls.
    pub(crate) fn spawn(runtime: &Handle, life: impl Future<Output = ()> + Send + 'static) {
        let task = Arc::new(Self {
            life: Mutex::new(Some(Box::pin(life))),
            runner: Mutex::new(Waker::noop().clone()),
            runtime: runtime.clone(),
        });
        runtime.spawn(Runner(task));
    }

    /// Polls here those whose wakers `wake` calls.
    pub(crate) fn poll_what_wakes(wake: impl FnOnce()) {
        WOKEN.with(|woken| {
            woken.is_wanted.set(true);
            wake();
            woken.is_wanted.set(false);
            let mut tasks = woken.tasks.take();
            tasks.drain(..).for_each(Self::poll_here);
            // Its room is for the next time.
            woken.tasks.replace(tasks);
        });
    }

    fn poll_here(self: Arc<Self>) {
        let _inside = self.runtime.enter();
        if self.poll_life().is_none_or(|poll| poll.is_ready()) {
            // Somebody else polls it just now, and may have missed this; or it is over, which is to be told.
            self.wake_runner();
        }
    }

    /// `None` where somebody else is polling.
    fn poll_life(self: &Arc<Self>) -> Option<Poll<()>> {
        let mut life = match self.life.try_lock() {
            Ok(life) => life,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let Some(future) = life.as_mut() else { return Some(Poll::Ready(())) };
        let waker = Waker::from(Arc::clone(self));
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        if poll.is_ready() {
            *life = None;
        }
        Some(poll)
    }

    fn wake_runner(&self) {
        let runner = self.runner().clone();
        runner.wake();
    }

    fn runner(&self) -> MutexGuard<'_, Waker> {
        lock(&self.runner)
    }
}

impl Wake for SharedTask {
    fn wake(self: Arc<Self>) {
        let is_wanted = WOKEN.with(|woken| woken.is_wanted.get());
        if is_wanted {
            WOKEN.with(|woken| woken.tasks.borrow_mut().push(self));
        } else {
            self.wake_runner();
        }
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let task = &self.0;
        // Before the look: a wake-up from now on is for this one.
        task.runner().clone_from(context.waker());
        task.poll_life().unwrap_or_else(|| {
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }
}

impl Drop for Runner {
    /// The future holds wakers that hold this task: it goes with its runner, done or not.
    fn drop(&mut self) {
        let life = lock(&self.0.life).take();
        drop(life);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_woken_here_is_polled_here() {
        let (waker_to, waker) = oneshot::channel::<Waker>();
        let (done_to, done) = oneshot::channel();
        let mut sender = Some(waker_to);
        let is_called = Arc::new(AtomicBool::new(false));
        let called = Arc::clone(&is_called);
        SharedTask::spawn(&Handle::current(), async move {
            poll_fn(|context| {
                if let Some(sender) = sender.take() {
                    sender.send(context.waker().clone()).unwrap();
                }
                if called.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            done_to.send(std::thread::current().id()).unwrap();
        });
        let waker = waker.await.unwrap();
        let here = std::thread::spawn(move || {
            is_called.store(true, Ordering::Relaxed);
            SharedTask::poll_what_wakes(|| waker.wake());
            std::thread::current().id()
        });
        assert_eq!(done.await.unwrap(), here.join().unwrap());
    }

    #[tokio::test]
    async fn the_future_goes_with_its_runner_though_wakers_are_left() {
        let (waker_to, waker) = oneshot::channel::<Waker>();
        let (guard, dropped) = oneshot::channel::<()>();
        let mut sender = Some(waker_to);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        SharedTask::spawn(runtime.handle(), async move {
            let _guard = guard;
            poll_fn(|context| {
                sender.take().unwrap().send(context.waker().clone()).unwrap();
                Poll::Ready(())
            })
            .await;
            pending::<()>().await;
        });
        let waker = waker.await.unwrap();
        runtime.shutdown_background();
        dropped.await.unwrap_err();
        waker.wake();
    }
}
