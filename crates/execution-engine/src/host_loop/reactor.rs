//! [`Reactor`]: reports readable pipes to a host's event loop instead of the runtime.
//!
//! An epoll instance is a descriptor like any other and can itself be watched (epoll(7)): the host's loop
//! watches this one, so that a single wake-up leads from the child's write to the host's own thread.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::readiness::Readiness;
use crate::os_readiness::watch_readable;
use crate::sync::lock;

/// Pipes that one look reports; the next look reports the others.
const READY_AT_ONCE: usize = 256;

/// How long the host's loop may leave readable pipes unread.
const STALL_LIMIT: Duration = Duration::from_millis(50);

/// The pipes that are watched.
#[derive(Debug)]
pub(crate) struct Reactor {
    epoll: Arc<OwnedFd>,
    sources: Mutex<Sources>,
    /// How many looks there were.
    looks: AtomicU64,
    is_closed: AtomicBool,
    dropped: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Sources {
    by_key: HashMap<u64, Arc<Readiness>>,
    /// Keys are not reused: a late event finds no pipe, rather than another one.
    next_key: u64,
}

/// A pipe in a reactor, until this is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    pipe: Arc<OwnedFd>,
    key: u64,
    readiness: Arc<Readiness>,
    reactor: Arc<Reactor>,
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = Arc::new(epoll::create(CreateFlags::CLOEXEC)?);
        let (looks, is_closed) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Self { epoll, sources: Mutex::default(), looks, is_closed, dropped: Arc::default() })
    }

    /// Whether pipes may be watched by it.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Acquire)
    }

    /// Wakes the waiters, so that they wait elsewhere.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let wakers: Vec<Waker> = self.sources().by_key.values().map(|source| source.set(false)).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Adds a pipe.
    pub(crate) fn watch(self: &Arc<Self>, pipe: &Arc<OwnedFd>) -> io::Result<Watched> {
        let readiness = Arc::new(Readiness::new());
        let mut sources = self.sources();
        let key = sources.next_key;
        // Edge-triggered, as the runtime does it: a pipe that is not read for now must not keep the loop
        // awake.
        epoll::add(&self.epoll, pipe, EventData::new_u64(key), EventFlags::IN | EventFlags::ET)?;
        sources.next_key += 1;
        sources.by_key.insert(key, Arc::clone(&readiness));
        drop(sources);
        Ok(Watched { pipe: Arc::clone(pipe), key, readiness, reactor: Arc::clone(self) })
    }

    /// Reports which pipes are readable, and whether all writers are gone. Reports each once, then again when
    /// more has arrived. False if there were more than one look reports.
    pub(crate) fn ready(&self, mut report: impl FnMut(Waker, bool)) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let mut buffer = [const { MaybeUninit::uninit() }; READY_AT_ONCE];
        // It fails only if it was interrupted. The descriptor stays readable, so the next look follows.
        let Ok((events, _)) = epoll::wait(&self.epoll, &mut buffer, Some(&Timespec::default())) else {
            return true;
        };
        let is_all = events.len() < READY_AT_ONCE;
        let sources = self.sources();
        for event in events {
            // By value: events are packed.
            let (key, flags) = (event.data.u64(), event.flags);
            if let Some(readiness) = sources.by_key.get(&key) {
                let is_closed = flags.intersects(EventFlags::HUP | EventFlags::ERR);
                report(readiness.set(is_closed), is_closed);
            }
        }
        is_all
    }

    /// Wakes readers if the host's loop does not look for a while, so that everything is read while it is
    /// blocked. Runs until the reactor is dropped.
    ///
    /// It waits for the same descriptor as the host's loop, but not while that loop looks, or every line
    /// would wake it too.
    pub(crate) async fn stand_in(reactor: Weak<Self>) {
        let Some((epoll, dropped)) =
            reactor.upgrade().map(|one| (Arc::clone(&one.epoll), Arc::clone(&one.dropped)))
        else {
            return;
        };
        let looks = || reactor.upgrade().map_or(0, |one| one.looks.load(Ordering::Relaxed));
        loop {
            tokio::select! {
                () = dropped.notified() => return,
                // If waiting fails, it looks every time.
                _ = readable(&epoll) => {}
            }
            loop {
                let before = looks();
                sleep(STALL_LIMIT).await;
                if looks() == before {
                    break;
                }
            }
            let Some(reactor) = reactor.upgrade() else { return };
            while !reactor.ready(|waker, _| waker.wake()) {}
        }
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        lock(&self.sources)
    }
}

impl AsFd for Reactor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        self.dropped.notify_one();
    }
}

impl Watched {
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.readiness.poll(context)
    }

    /// Reads, if there may be something. `WouldBlock`: the pipe is empty, or the system says so, and another
    /// edge will announce the next bytes.
    pub(crate) fn try_read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if !self.readiness.claim() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = read();
        if !matches!(&read, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.readiness.unclaim();
        }
        read
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Other holders of the pipe may keep watching it.
        let _ = epoll::delete(&self.reactor.epoll, &self.pipe);
        self.reactor.sources().by_key.remove(&self.key);
    }
}

async fn readable(descriptor: &Arc<OwnedFd>) -> io::Result<()> {
    watch_readable(Arc::clone(descriptor))?.readable().await.map(drop)
}
