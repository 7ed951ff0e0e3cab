//! The executions an engine knows: live ones, and finished ones as long as they are retained.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;
use uuid::Uuid;

use super::execution::Execution;
use super::retention::Retention;
use crate::error::EngineError;
use crate::sync::lock;

/// Look-up by id is O(1); retention removes from the front of a queue.
#[derive(Debug)]
pub(crate) struct Registry {
    state: Mutex<State>,
    retention: Retention,
    /// Wakes the idle cleanup task.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    all: HashMap<Uuid, Arc<Execution>>,
    /// Ids in the order in which they ended. All others are live.
    ended: VecDeque<(Instant, Uuid)>,
    /// Set by shutdown, under the same lock as insertion, so that nothing slips in afterwards.
    closed: bool,
}

impl Registry {
    pub(crate) fn new(retention: Retention) -> Self {
        Self { state: Mutex::default(), retention, changed: Notify::new() }
    }

    /// Registers a new execution; refuses a known id.
    pub(crate) fn insert(&self, execution: &Arc<Execution>) -> Result<(), EngineError> {
        let mut state = self.lock();
        if state.closed {
            return Err(EngineError::ShutDown);
        }
        if state.all.contains_key(&execution.id) {
            return Err(EngineError::DuplicateId(execution.id));
        }
        state.all.insert(execution.id, Arc::clone(execution));
        Ok(())
    }

    /// The execution has its result and counts as finished.
    pub(crate) fn finished(&self, id: Uuid) {
        let mut state = self.lock();
        state.ended.push_back((Instant::now(), id));
        let dropped = state.take_old(self.retention);
        drop(state);
        // Freed outside the lock: their output may be large.
        drop(dropped);
        self.changed.notify_waiters();
    }

    /// Drops what is beyond its retention; returns how many.
    pub(crate) fn drop_old(&self) -> usize {
        let dropped = self.lock().take_old(self.retention);
        dropped.len()
    }

    pub(crate) fn get(&self, id: Uuid) -> Result<Arc<Execution>, EngineError> {
        self.lock().all.get(&id).cloned().ok_or(EngineError::NotFound(id))
    }

    /// Accepts nothing from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    /// Registers an execution that ended in an earlier engine and was recovered.
    pub(crate) fn insert_finished(&self, execution: &Arc<Execution>) -> Result<(), EngineError> {
        self.insert(execution)?;
        self.finished(execution.id);
        Ok(())
    }

    /// Whether an execution with this id is live here.
    pub(crate) fn is_live(&self, id: Uuid) -> bool {
        self.lock().all.get(&id).is_some_and(|execution| !execution.status().is_terminal())
    }

    pub(crate) fn all(&self) -> Vec<Arc<Execution>> {
        self.lock().all.values().cloned().collect()
    }

    pub(crate) fn live_count(&self) -> usize {
        let state = self.lock();
        state.all.len() - state.ended.len()
    }

    pub(crate) fn finished_count(&self) -> usize {
        self.lock().ended.len()
    }

    /// Resolves when there is something to drop, sooner or later.
    pub(crate) async fn has_finished(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Registered before the check, so that an end in between is not missed.
            changed.as_mut().enable();
            if self.finished_count() > 0 {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn take_old(&mut self, retention: Retention) -> Vec<Arc<Execution>> {
        let surplus = retention.surplus(self.ended.iter().map(|&(at, _)| at), Instant::now());
        self.ended.drain(..surplus).filter_map(|(_, id)| self.all.remove(&id)).collect()
    }
}
