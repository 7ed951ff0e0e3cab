//! [`EventBridge`]: events on their way to JavaScript, many in one call, one call at a time.
//!
//! A crossing costs by the call, not by the byte. So everything that happens while JavaScript is busy is
//! batched: one string with many lines, and one table that assigns them to executions. The next batch is sent
//! once JavaScript has acknowledged the last, in a later turn of the event loop: a thread-safe function whose
//! queue is refilled from inside its own call would starve the loop.

use std::sync::{Arc, Mutex, MutexGuard};

use execution_engine::{ExecutionEvent, LineBatch};
use napi::Status;
use napi::bindgen_prelude::{Buffer, Env, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::sync::watch;

use super::batch::{Batch, BatchQueue, cost};
use super::budget::{Budget, Permit};
use super::crossing::{Crossing, NativeBatch};
use crate::sync::lock;

type OnBatch = ThreadsafeFunction<Batch, (), NativeBatch, Status, false, true>;

/// An engine's way to JavaScript.
pub struct EventBridge {
    state: Mutex<State>,
    budget: Budget,
    /// The last batch that JavaScript is done with.
    acknowledged: watch::Sender<u64>,
    /// Locked only for a call or a change of its reference.
    on_batch: Mutex<OnBatch>,
    crossing: Arc<Crossing>,
}

#[derive(Default)]
struct State {
    queue: BatchQueue,
    /// How many batches were sent.
    sent: u64,
    /// The batch that is crossing, if any.
    in_flight: Option<InFlight>,
    /// Permits of batches that JavaScript is done with, not yet returned to the budget.
    owed: Permit,
    /// JavaScript's own thread is reading and takes the next batch itself.
    is_collected: bool,
}

/// A batch that JavaScript is not done with.
struct InFlight {
    permit: Permit,
    /// Whether a task may wait for JavaScript to be done with it.
    has_events: bool,
}

impl EventBridge {
    /// Calls `on_batch` with each batch, its rows in `table`. Does not keep the process alive until asked to.
    pub fn new(table: Buffer, on_batch: &Function<NativeBatch, ()>) -> Result<Arc<Self>> {
        let crossing = Arc::new(Crossing::new(table));
        let here = Arc::clone(&crossing);
        let on_batch = on_batch
            .build_threadsafe_function::<Batch>()
            .weak::<true>()
            .build_callback(move |context| Ok(here.sent(context.value)))?;
        Ok(Arc::new(Self {
            state: Mutex::default(),
            budget: Budget::new(),
            acknowledged: watch::Sender::new(0),
            on_batch: Mutex::new(on_batch),
            crossing,
        }))
    }

    /// The budget for output, taken before it is read.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Adds lines to the batch as soon as there is budget for them.
    pub async fn lines(&self, number: u32, mut batch: LineBatch) {
        // None: JavaScript is gone, and so is every reader.
        if let Some(permit) = self.budget.acquire(cost(&batch)).await {
            self.add(number, &mut batch, permit);
        }
    }

    /// Adds lines to the batch, if the reservation suffices or there is budget for the rest now. May take
    /// their text, and leave another buffer in its place.
    pub fn try_lines(&self, number: u32, batch: &mut LineBatch, reserved: Permit) -> bool {
        let permit = self.budget.settle(reserved, cost(batch));
        permit.map(|permit| self.add(number, batch, permit)).is_some()
    }

    fn add(&self, number: u32, batch: &mut LineBatch, permit: Permit) {
        let is_ascii = batch.text.is_ascii();
        let mut state = self.lock();
        let open = state.queue.open(batch.text.len(), batch.runs.len(), &self.crossing.pool);
        open.push_lines(number, batch, is_ascii, permit);
        self.send_if_free(state);
    }

    /// Adds any other event; returns the number of its batch.
    pub fn event(&self, number: u32, event: ExecutionEvent) -> u64 {
        let mut state = self.lock();
        state.queue.open(0, 1, &self.crossing.pool).push_event(number, event);
        let batch = state.sent + state.queue.len() as u64;
        self.send_if_free(state);
        batch
    }

    /// Resolves when JavaScript is done with a batch, or gone.
    pub async fn processed(&self, batch: u64) {
        let mut acknowledged = self.acknowledged.subscribe();
        // Cannot fail: the sender lives in `self`.
        let _ = acknowledged.wait_for(|done| *done >= batch).await;
    }

    /// JavaScript is done with its batch.
    pub fn acknowledge(&self) {
        let mut state = self.lock();
        let Some(InFlight { permit, has_events }) = state.in_flight.take() else { return };
        state.owed.merge(permit);
        // Waking a thread costs as much as reading a few lines, so half of the budget is returned at once
        // while there is other work.
        let is_due = state.owed.is_large() || state.queue.is_empty();
        let owed = if is_due { std::mem::take(&mut state.owed) } else { Permit::default() };
        let sent = state.sent;
        self.send_if_free(state);
        // After the next batch was sent: JavaScript does not wait for the threads that this wakes.
        drop(owed);
        if has_events {
            // Never lower: after `close`, every batch counts as processed.
            self.acknowledged.send_modify(|done| *done = sent.max(*done));
        }
    }

    /// In JavaScript's thread: from now on nothing is sent, because [`collected`](Self::collected) takes it.
    pub fn collect(&self) {
        self.lock().is_collected = true;
    }

    /// The next batch for JavaScript, if it is done with the last one, and whether reading pauses after it.
    /// Pass it to JavaScript immediately.
    pub fn collected(&self) -> Option<(NativeBatch, bool)> {
        let batch = self.lock().next_batch()?;
        Some(self.crossing.own_read(batch))
    }

    /// Ends [`collect`](Self::collect). True if JavaScript is done with everything it got.
    pub fn is_free(&self) -> bool {
        let mut state = self.lock();
        state.is_collected = false;
        let is_free = state.in_flight.is_none();
        self.send_if_free(state);
        is_free
    }

    /// JavaScript is ending or gone: nothing may wait for it any more.
    pub fn close(&self) {
        self.budget.close();
        self.acknowledged.send_replace(u64::MAX);
    }

    /// Whether the bridge keeps the process alive.
    pub fn keep_alive(&self, env: &Env, alive: bool) -> Result<()> {
        let mut on_batch = lock(&self.on_batch);
        #[expect(deprecated, reason = "the advised replacement, dropping all handles, cannot be undone")]
        if alive { on_batch.refer(env) } else { on_batch.unref(env) }
    }

    fn send_if_free(&self, mut state: MutexGuard<'_, State>) {
        if state.is_collected {
            return;
        }
        let Some(batch) = state.next_batch() else { return };
        drop(state);
        let on_batch = lock(&self.on_batch);
        if on_batch.call(batch, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            self.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// The next batch for JavaScript; `None` while one is crossing.
    fn next_batch(&mut self) -> Option<Batch> {
        if self.in_flight.is_some() {
            return None;
        }
        let mut batch = self.queue.pop()?;
        let permit = std::mem::take(&mut batch.permit);
        self.in_flight = Some(InFlight { permit, has_events: !batch.events.is_empty() });
        self.sent += 1;
        Some(batch)
    }
}
