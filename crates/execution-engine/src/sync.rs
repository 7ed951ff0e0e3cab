//! The building blocks of shared state. Under `--cfg loom` the same names are loom's, so that
//! crates/loom-models can run the state machines through every interleaving.

use std::sync::PoisonError;

/// tokio's does not use loom's types; crates/loom-models has one that does.
#[cfg(loom)]
pub(crate) use crate::semaphore::{OwnedSemaphorePermit, Semaphore};
#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub(crate) use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Locks, whether or not a holder panicked: the engine's locks guard state that is consistent between any two
/// statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
