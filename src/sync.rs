//! The one way in which the addon takes a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whether or not a holder panicked: the addon's locks guard state that is consistent between any two
/// statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
