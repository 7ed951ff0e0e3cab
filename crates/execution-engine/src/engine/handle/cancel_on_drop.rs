//! A guard that stops its execution: nothing keeps running for a caller that has gone away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::registry::{Execution, StopRequest};

/// Cancels the execution when it is dropped, unless any of its clones was disarmed.
#[derive(Debug, Clone)]
pub(super) struct CancelOnDrop {
    execution: Arc<Execution>,
    is_disarmed: Arc<AtomicBool>,
}

impl CancelOnDrop {
    pub(super) fn new(execution: Arc<Execution>) -> Self {
        Self { execution, is_disarmed: Arc::default() }
    }

    pub(super) fn execution(&self) -> &Execution {
        &self.execution
    }

    pub(super) fn disarm(&self) {
        self.is_disarmed.store(true, Ordering::Relaxed);
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if !self.is_disarmed.load(Ordering::Relaxed) {
            // Does nothing once the execution has ended, and never shortens a grace period that has started.
            self.execution.stop_at_least(StopRequest::Graceful);
        }
    }
}
