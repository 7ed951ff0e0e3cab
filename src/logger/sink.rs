//! [`Sink`]: entries on their way to one JavaScript environment.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use napi::Status;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

use super::entry;
use crate::sync::lock;

/// Entries that may wait for JavaScript. Further ones are dropped and counted.
const MAX_WAITING: usize = 4096;
/// Entries that JavaScript takes at once; its event loop runs in between.
const MAX_TAKEN: usize = 256;

/// A call without arguments that keeps no process alive.
type OnEntries = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The queue of one environment.
pub struct Sink {
    queue: Mutex<Queue>,
    on_entries: OnEntries,
}

#[derive(Default)]
struct Queue {
    /// As JSON. Environments share them.
    entries: VecDeque<Arc<str>>,
    dropped: u64,
    /// JavaScript has been called, and takes entries until there are none.
    is_called: bool,
}

impl Sink {
    /// Calls `on_entries` when the first entry arrives in an empty queue.
    pub fn new(on_entries: &Function<(), ()>) -> Result<Arc<Self>> {
        let on_entries =
            on_entries.build_threadsafe_function::<()>().weak::<true>().build_callback(|_| Ok(()))?;
        Ok(Arc::new(Self { queue: Mutex::default(), on_entries }))
    }

    /// Adds an entry, from any thread.
    pub fn push(&self, entry: &Arc<str>) {
        let mut queue = lock(&self.queue);
        if queue.entries.len() >= MAX_WAITING {
            queue.dropped += 1;
            return;
        }
        queue.entries.push_back(Arc::clone(entry));
        let is_called = std::mem::replace(&mut queue.is_called, true);
        drop(queue);
        if !is_called {
            // Fails only in an environment that is ending.
            self.on_entries.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The next entries, as a JSON array; `None` when there are none.
    pub fn take(&self) -> Option<String> {
        let mut queue = lock(&self.queue);
        if queue.entries.is_empty() {
            queue.is_called = false;
            return None;
        }
        let count = queue.entries.len().min(MAX_TAKEN);
        let taken: Vec<_> = queue.entries.drain(..count).collect();
        // Entries that still wait are older than the dropped ones.
        let dropped = std::mem::take(&mut queue.dropped);
        if dropped > 0 {
            queue.entries.push_back(entry::dropped(dropped));
        }
        drop(queue);
        Some(format!("[{}]", taken.join(",")))
    }

    /// Drops waiting entries.
    pub fn clear(&self) {
        let mut queue = lock(&self.queue);
        queue.entries.clear();
        queue.dropped = 0;
    }
}
