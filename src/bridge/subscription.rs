//! [`Subscription`]: whether an execution's lines go to JavaScript. Checked at every read, changed rarely.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use tokio::sync::Notify;

use crate::sync::lock;

/// Lines go to JavaScript.
const FLOWING: u8 = 0;
/// Lines are held back; soon the child waits, too.
const PAUSED: u8 = 1;
/// Lines are no longer wanted.
const CANCELLED: u8 = 2;

/// The subscription to one execution's lines. Flowing at first.
#[derive(Default)]
pub struct Subscription {
    state: AtomicU8,
    /// Whether the start is waited for, even if lines are not wanted.
    wants_start: AtomicBool,
    changed: Notify,
}

impl Subscription {
    /// Whether lines go to JavaScript.
    pub fn is_flowing(&self) -> bool {
        self.state.load(Ordering::Acquire) == FLOWING
    }

    /// Whether lines will never be wanted again.
    pub fn is_cancelled(&self) -> bool {
        self.state.load(Ordering::Acquire) == CANCELLED
    }

    /// Whether the start is waited for.
    pub fn wants_start(&self) -> bool {
        self.wants_start.load(Ordering::Acquire)
    }

    /// Resolves when lines are not held back; returns whether they are wanted.
    pub async fn flowing(&self) -> bool {
        while self.state.load(Ordering::Acquire) == PAUSED {
            let mut changed = pin!(self.changed.notified());
            // Registered before the check, so that a change in between is not missed.
            changed.as_mut().enable();
            if self.state.load(Ordering::Acquire) == PAUSED {
                changed.await;
            }
        }
        self.is_flowing()
    }

    /// A cancelled subscription never flows again.
    fn change(&self, from: u8, to: u8) {
        if self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.changed.notify_waiters();
        }
    }
}

/// The subscriptions of live executions, by number.
#[derive(Default)]
pub struct Subscriptions(Mutex<ByNumber>);

#[derive(Default)]
struct ByNumber {
    subscriptions: HashMap<u32, Weak<Subscription>>,
    /// The size at which they are swept.
    sweep_at: usize,
}

impl Subscriptions {
    /// Adds a subscription, for the execution's listener to hold.
    pub fn add(&self, number: u32) -> Arc<Subscription> {
        let subscription = Arc::<Subscription>::default();
        let mut known = self.lock();
        if known.subscriptions.len() >= known.sweep_at {
            // Only a live execution's listener holds its subscription. Sweeping at every doubling costs a
            // constant per request.
            known.subscriptions.retain(|_, held| held.strong_count() > 0);
            known.sweep_at = (known.subscriptions.len() * 2).max(64);
        }
        known.subscriptions.insert(number, Arc::downgrade(&subscription));
        subscription
    }

    /// Holds lines back, or releases them.
    pub fn pause(&self, number: u32, paused: bool) {
        let (from, to) = if paused { (FLOWING, PAUSED) } else { (PAUSED, FLOWING) };
        self.get(number).iter().for_each(|subscription| subscription.change(from, to));
    }

    /// Lines are no longer wanted, for good.
    pub fn cancel(&self, number: u32) {
        if let Some(subscription) = self.get(number) {
            subscription.change(FLOWING, CANCELLED);
            subscription.change(PAUSED, CANCELLED);
        }
    }

    /// From now on a start goes to JavaScript, even if lines are not wanted.
    pub fn want_start(&self, number: u32) {
        if let Some(subscription) = self.get(number) {
            subscription.wants_start.store(true, Ordering::Release);
        }
    }

    fn get(&self, number: u32) -> Option<Arc<Subscription>> {
        self.lock().subscriptions.get(&number).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, ByNumber> {
        lock(&self.0)
    }
}

/// Nothing is left to resume a paused subscription.
impl Drop for Subscriptions {
    fn drop(&mut self) {
        self.lock()
            .subscriptions
            .values()
            .filter_map(Weak::upgrade)
            .for_each(|one| one.change(PAUSED, CANCELLED));
    }
}
