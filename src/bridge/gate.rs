//! [`Gate`]: whether an execution's lines go to JavaScript. Checked at every read, changed rarely.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use tokio::sync::Notify;

use crate::sync::lock;

/// Lines go to JavaScript.
const OPEN: u8 = 0;
/// Lines are held back, and before long the child waits too.
const PAUSED: u8 = 1;
/// Lines are no longer wanted.
const STOPPED: u8 = 2;

/// One execution's gate; open at first.
#[derive(Default)]
pub struct Gate {
    state: AtomicU8,
    changed: Notify,
}

impl Gate {
    /// Whether lines go to JavaScript.
    pub fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == OPEN
    }

    /// Whether lines will never be wanted again.
    pub fn is_stopped(&self) -> bool {
        self.state.load(Ordering::Acquire) == STOPPED
    }

    /// Resolves when lines are not held back; returns whether they are wanted.
    pub async fn passed(&self) -> bool {
        while self.state.load(Ordering::Acquire) == PAUSED {
            let mut changed = pin!(self.changed.notified());
            // Registered before the check, so that a change in between is not missed.
            changed.as_mut().enable();
            if self.state.load(Ordering::Acquire) == PAUSED {
                changed.await;
            }
        }
        self.is_open()
    }

    /// Stopped is final.
    fn change(&self, from: u8, to: u8) {
        if self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.changed.notify_waiters();
        }
    }
}

/// The gates of executions that JavaScript listens to, by number, until they end.
#[derive(Default)]
pub struct Gates(Mutex<ByNumber>);

#[derive(Default)]
struct ByNumber {
    gates: HashMap<u32, Weak<Gate>>,
    /// The size at which they are swept.
    sweep_at: usize,
}

impl Gates {
    /// A new gate. Its holder listens.
    pub fn add(&self, number: u32) -> Arc<Gate> {
        let gate = Arc::<Gate>::default();
        let mut known = self.lock();
        if known.gates.len() >= known.sweep_at {
            // Gates without a listener have ended. Sweeping at every doubling costs a constant per request.
            known.gates.retain(|_, gate| gate.strong_count() > 0);
            known.sweep_at = (known.gates.len() * 2).max(64);
        }
        known.gates.insert(number, Arc::downgrade(&gate));
        gate
    }

    /// Holds lines back, or releases them.
    pub fn pause(&self, number: u32, paused: bool) {
        let (from, to) = if paused { (OPEN, PAUSED) } else { (PAUSED, OPEN) };
        self.get(number).iter().for_each(|gate| gate.change(from, to));
    }

    /// Lines are no longer wanted, for good.
    pub fn stop(&self, number: u32) {
        if let Some(gate) = self.get(number) {
            gate.change(OPEN, STOPPED);
            gate.change(PAUSED, STOPPED);
        }
    }

    fn get(&self, number: u32) -> Option<Arc<Gate>> {
        self.lock().gates.get(&number).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, ByNumber> {
        lock(&self.0)
    }
}

/// Nothing is left that could open a closed gate.
impl Drop for Gates {
    fn drop(&mut self) {
        self.lock().gates.values().filter_map(Weak::upgrade).for_each(|gate| gate.change(PAUSED, STOPPED));
    }
}
