//! [`Budget`]: how many bytes may be on their way to JavaScript.
//!
//! A permit is taken before output is read, first come first served. Output without a permit stays in its
//! pipe, and its child waits. Output read without a permit waits for its bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// The most that one turn of reading brings, except for very long lines.
const READ: u32 = 132 * 1024;
/// Bytes in batches, both waiting and crossing.
const BUDGET: u32 = 4 * READ;

/// The budget of one engine.
pub struct Budget(Arc<Semaphore>);

/// A part of the budget, returned on drop.
#[derive(Default)]
pub struct Permit(Option<OwnedSemaphorePermit>);

impl Budget {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET as usize)))
    }

    /// Takes enough for one read, if available now.
    pub fn try_reserve(&self) -> Option<Permit> {
        match Arc::clone(&self.0).try_acquire_many_owned(READ) {
            Ok(permit) => Some(Permit(Some(permit))),
            Err(TryAcquireError::NoPermits) => None,
            // JavaScript is gone: the output of this read is dropped.
            Err(TryAcquireError::Closed) => Some(Permit::default()),
        }
    }

    /// Takes enough for one read, as soon as it is available.
    pub async fn reserve(&self) -> Permit {
        self.acquire(READ as usize).await.unwrap_or_default()
    }

    /// Takes `bytes` as soon as they are available; `None` if JavaScript is gone.
    pub async fn acquire(&self, bytes: usize) -> Option<Permit> {
        let permit = Arc::clone(&self.0).acquire_many_owned(clamped(bytes)).await.ok()?;
        Some(Permit(Some(permit)))
    }

    /// Turns a reserved permit into one for `bytes`. `None` if the rest is not available now, or JavaScript
    /// is gone.
    pub fn settle(&self, reserved: Permit, bytes: usize) -> Option<Permit> {
        let (bytes, mut permit) = (clamped(bytes) as usize, reserved);
        let missing = bytes.saturating_sub(permit.bytes());
        if missing > 0 {
            permit.merge(Permit(Some(Arc::clone(&self.0).try_acquire_many_owned(clamped(missing)).ok()?)));
        } else if self.0.is_closed() {
            return None;
        }
        permit.shrink_to(bytes);
        Some(permit)
    }

    /// JavaScript is gone: nothing waits for the budget any more.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Permit {
    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Whether this much of the budget is worth a wake-up when it is returned.
    pub fn is_large(&self) -> bool {
        self.bytes() >= BUDGET as usize / 2
    }

    /// Adds another permit of the same budget.
    pub fn merge(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (Some(own), Some(other)) => own.merge(other),
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
    }

    fn shrink_to(&mut self, bytes: usize) {
        let excess = self.bytes().saturating_sub(bytes);
        if let Some(permit) = self.0.as_mut().filter(|_| excess > 0) {
            drop(permit.split(excess));
        }
    }
}

/// No single batch may need more than the whole budget.
fn clamped(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(BUDGET).min(BUDGET)
}
