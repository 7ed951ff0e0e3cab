//! The host's loop: no wake-up is lost, whichever thread polls and whenever the wake-up comes.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use loom::future::block_on;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::dormant::Dormant;
use crate::readiness::Readiness;
use crate::shared_task::{Runner, SharedTask};
use crate::sync::lock;

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// A pipe whose writer announces what it writes: bytes, and at last its end.
struct Pipe {
    bytes: AtomicUsize,
    is_closed: AtomicBool,
    readiness: Readiness,
}

impl Pipe {
    fn new() -> Arc<Self> {
        let (bytes, is_closed) = (AtomicUsize::new(0), AtomicBool::new(false));
        Arc::new(Self { bytes, is_closed, readiness: Readiness::new() })
    }

    fn write(&self) {
        self.bytes.fetch_add(1, Ordering::SeqCst);
        self.readiness.set(false).wake();
    }

    /// The last bytes and the hang-up, in one edge.
    fn write_last(&self) {
        self.bytes.fetch_add(1, Ordering::SeqCst);
        self.is_closed.store(true, Ordering::SeqCst);
        self.readiness.set(true).wake();
    }

    /// `None` at the end of file. A read of any bytes counts as one that emptied the pipe, as a short read
    /// does.
    async fn read(&self) -> Option<usize> {
        loop {
            poll_fn(|context| self.readiness.poll(context)).await;
            if !self.readiness.claim() {
                continue;
            }
            // As read(2) has it: bytes first, the end only where there are none.
            let is_closed = self.is_closed.load(Ordering::SeqCst);
            match self.bytes.swap(0, Ordering::SeqCst) {
                0 if is_closed => return None,
                0 => {}
                bytes => return Some(bytes),
            }
        }
    }
}

#[test]
fn every_byte_and_the_end_of_a_pipe_are_found() {
    model(|| {
        let pipe = Pipe::new();
        let writer = {
            let pipe = Arc::clone(&pipe);
            thread::spawn(move || {
                pipe.write();
                pipe.write_last();
            })
        };
        block_on(async {
            let mut read = 0;
            while let Some(bytes) = pipe.read().await {
                read += bytes;
            }
            assert_eq!(read, 2);
        });
        writer.join().expect("it ends");
    });
}

#[test]
fn a_partly_read_pipe_is_read_again() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let edge = {
            let readiness = Arc::clone(&readiness);
            thread::spawn(move || readiness.set(false).wake())
        };
        assert!(readiness.claim());
        readiness.unclaim();
        block_on(poll_fn(|context| readiness.poll(context)));
        edge.join().expect("it ends");
    });
}

/// Something that a task awaits and both threads can bring about.
#[derive(Default)]
struct Steps {
    done: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Steps {
    fn step(&self) {
        self.done.fetch_add(1, Ordering::Release);
        let waker = lock(&self.waker).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn reach(&self, wanted: usize) {
        poll_fn(|context| {
            *lock(&self.waker) = Some(context.waker().clone());
            let is_reached = self.done.load(Ordering::Acquire) >= wanted;
            // Others may come in while this thread still polls; the unlocking itself is no such moment to
            // loom.
            thread::yield_now();
            if is_reached { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[test]
fn a_wake_up_of_a_dormant_future_is_not_lost() {
    model(|| {
        let steps = Arc::<Steps>::default();
        let caller = {
            let steps = Arc::clone(&steps);
            thread::spawn(move || steps.step())
        };
        block_on(async {
            let mut called = pin!(steps.reach(1));
            Dormant::new(called.as_mut()).await;
        });
        caller.join().expect("it ends");
    });
}

#[test]
fn a_shared_task_completes_whichever_thread_is_woken() {
    model(|| {
        let steps = Arc::<Steps>::default();
        let runner = {
            let steps = Arc::clone(&steps);
            Runner::new(async move { steps.reach(2).await })
        };
        let host = {
            let steps = Arc::clone(&steps);
            thread::spawn(move || SharedTask::poll_woken(|| steps.step()))
        };
        let elsewhere = {
            let steps = Arc::clone(&steps);
            thread::spawn(move || steps.step())
        };
        // If a wake-up were lost, this would wait for ever, and loom would report it.
        block_on(runner);
        host.join().expect("it ends");
        elsewhere.join().expect("it ends");
    });
}

#[test]
fn a_runner_that_goes_takes_the_future_along_though_the_host_polls() {
    model(|| {
        let steps = Arc::<Steps>::default();
        let alive = Arc::new(());
        let mut runner = {
            let (steps, alive) = (Arc::clone(&steps), Arc::clone(&alive));
            Box::pin(Runner::new(async move {
                let _alive = alive;
                steps.reach(2).await;
            }))
        };
        let mut context = std::task::Context::from_waker(Waker::noop());
        assert!(runner.as_mut().poll(&mut context).is_pending());
        let host = {
            let steps = Arc::clone(&steps);
            thread::spawn(move || SharedTask::poll_woken(|| steps.step()))
        };
        drop(runner);
        host.join().expect("it ends");
        assert_eq!(Arc::strong_count(&alive), 1, "the future is gone");
    });
}
