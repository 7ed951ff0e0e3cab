//! [`SpawnClaim`]: the one moment after which a spawn can no longer be called off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Nothing was spawned yet.
const OPEN: u8 = 0;
/// The spawner thread is spawning the process, or has spawned it.
const TAKEN: u8 = 1;
/// Called off: nothing is ever spawned.
const REVOKED: u8 = 2;

/// Shared by the spawner thread and the task that ordered the spawn. Either the thread takes it first, and
/// the task accounts for the process; or the task revokes it, and there never is a process.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpawnClaim(Arc<AtomicU8>);

impl SpawnClaim {
    /// Calls the spawn off. False when it is too late.
    pub(crate) fn revoke(&self) -> bool {
        self.0.compare_exchange(OPEN, REVOKED, Ordering::AcqRel, Ordering::Acquire) != Err(TAKEN)
    }

    /// For the spawner thread, right before it spawns. False when it must not.
    pub(super) fn take(&self) -> bool {
        self.0.compare_exchange(OPEN, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The spawn that was taken has failed: there is no process.
    pub(super) fn release(&self) {
        self.0.store(OPEN, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_the_spawn_or_the_revocation_wins() {
        let taken = SpawnClaim::default();
        assert!(taken.take() && !taken.revoke());
        taken.release();
        assert!(taken.revoke() && taken.revoke() && !taken.take(), "a failed spawn can be called off");
    }
}
