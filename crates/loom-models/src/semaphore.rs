//! tokio's semaphore as far as the engine uses it: first come first served, and built of loom's types.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use loom::sync::Mutex;

use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct Semaphore(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    waiting: VecDeque<(u64, Waker)>,
    /// Those that have a permit and have not looked yet.
    granted: Vec<u64>,
    next: u64,
}

#[derive(Debug)]
pub(crate) struct OwnedSemaphorePermit(Arc<Semaphore>);

/// Never: it cannot be closed.
#[derive(Debug)]
pub(crate) enum Closed {}

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        Self(Mutex::new(State { free: permits, waiting: VecDeque::new(), granted: Vec::new(), next: 0 }))
    }

    pub(crate) fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, ()> {
        let mut state = lock(&self.0);
        state.free = state.free.checked_sub(1).ok_or(())?;
        drop(state);
        Ok(OwnedSemaphorePermit(self))
    }

    pub(crate) async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, Closed> {
        let mut request = Request { semaphore: self, key: None };
        poll_fn(|context| {
            let mut state = lock(&request.semaphore.0);
            let Some(key) = request.key else {
                if state.free > 0 {
                    state.free -= 1;
                    return Poll::Ready(());
                }
                let key = state.next;
                state.next += 1;
                state.waiting.push_back((key, context.waker().clone()));
                request.key = Some(key);
                return Poll::Pending;
            };
            if let Some(at) = state.granted.iter().position(|granted| *granted == key) {
                state.granted.remove(at);
                request.key = None;
                return Poll::Ready(());
            }
            let (_, waker) = state.waiting.iter_mut().find(|(waiting, _)| *waiting == key).expect("it waits");
            waker.clone_from(context.waker());
            Poll::Pending
        })
        .await;
        Ok(OwnedSemaphorePermit(Arc::clone(&request.semaphore)))
    }

    fn release(&self) {
        let mut state = lock(&self.0);
        let Some((key, waker)) = state.waiting.pop_front() else {
            state.free += 1;
            return;
        };
        state.granted.push(key);
        drop(state);
        waker.wake();
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A place in the queue, left when it is dropped.
struct Request {
    semaphore: Arc<Semaphore>,
    key: Option<u64>,
}

impl Drop for Request {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut state = lock(&self.semaphore.0);
        state.waiting.retain(|(waiting, _)| *waiting != key);
        let had_permit = state.granted.contains(&key);
        state.granted.retain(|granted| *granted != key);
        drop(state);
        if had_permit {
            self.semaphore.release();
        }
    }
}
