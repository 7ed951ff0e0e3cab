//! [`EventBridge`]: events on their way to JavaScript, many in one call, one call at a time.
//!
//! A crossing costs by the call, not by the byte. So whatever happens while JavaScript is busy collects in batches: one
//! text with many lines, and one table that says whose they are. The next batch goes when JavaScript has acknowledged the
//! last, which it does in a turn of the event loop of its own: a thread-safe function's queue that is refilled from
//! inside its own call would never let the loop do anything else.

use std::sync::{Arc, Mutex, MutexGuard};

use execution_engine::{ExecutionEvent, LineBatch};
use napi::Status;
use napi::bindgen_prelude::{Buffer, Env, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::sync::watch;

use super::batch::{Batch, BatchQueue, cost};
use super::budget::{Budget, Permit};
use super::crossing::{Crossing, NativeBatch};
use super::runtime;
use crate::sync::lock;

type OnBatch = ThreadsafeFunction<Batch, (), NativeBatch, Status, false, true>;

/// An engine's one way to JavaScript.
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
    /// The batch on its way; `None` when there is none.
    in_flight: Option<InFlight>,
    /// What JavaScript is done with and the budget has not been given back yet.
    owed: Permit,
    /// JavaScript's own thread is here, and takes the next batch with it.
    is_collected: bool,
}

/// A batch that JavaScript is not done with.
struct InFlight {
    permit: Permit,
    /// A task may wait for JavaScript to be done with it.
    has_events: bool,
}

impl EventBridge {
    /// Calls `on_batch` with each batch, its rows in `table`; does not keep the process alive until it is told to.
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

    /// What is taken before output is read.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Adds lines to the batch, when there is budget for them.
    pub async fn lines(&self, number: u32, mut batch: LineBatch) {
        // None: JavaScript is gone, and with it everything that would read.
        if let Some(permit) = self.budget.acquire(cost(&batch)).await {
            self.add(number, &mut batch, permit);
        }
    }

    /// Adds lines to the batch, if what is reserved suffices or there is budget for the rest now. May take their text,
    /// and leave another in its place.
    pub fn try_lines(&self, number: u32, batch: &mut LineBatch, reserved: Permit) -> bool {
        let permit = self.budget.settle(reserved, cost(batch));
        permit.map(|permit| self.add(number, batch, permit)).is_some()
    }

    fn add(&self, number: u32, batch: &mut LineBatch, permit: Permit) {
        runtime::arrived();
        let is_ascii = batch.text.is_ascii();
        let mut state = self.lock();
        let open = state.queue.open(batch.text.len(), batch.runs.len(), &self.crossing.pool);
        open.push_lines(number, batch, is_ascii, permit);
        self.send_if_free(state);
    }

    /// Adds anything else; says in which batch it goes.
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
        // An error cannot be: the sender lives in `self`.
        let _ = acknowledged.wait_for(|done| *done >= batch).await;
    }

    /// JavaScript is done with the batch that it was given.
    pub fn acknowledge(&self) {
        let mut state = self.lock();
        let Some(InFlight { permit, has_events }) = state.in_flight.take() else { return };
        state.owed.merge(permit);
        // Waking a thread costs as much as reading a few lines: half of the budget at once, while there is something
        // to do meanwhile.
        let is_due = state.owed.is_large() || state.queue.is_empty();
        let owed = if is_due { std::mem::take(&mut state.owed) } else { Permit::default() };
        let sent = state.sent;
        self.send_if_free(state);
        // After the next batch has gone: JavaScript does not wait for the threads that this wakes.
        drop(owed);
        if has_events {
            // Never lower: after `close`, everything counts as processed.
            self.acknowledged.send_modify(|done| *done = sent.max(*done));
        }
    }

    /// In JavaScript's thread: what comes from now on is not sent, for [`collected`](Self::collected) takes it.
    pub fn collect(&self) {
        self.lock().is_collected = true;
    }

    /// What there is for JavaScript, if it is done with what it got before, and whether reading pauses after it. To be
    /// given to JavaScript at once.
    pub fn collected(&self) -> Option<(NativeBatch, bool)> {
        let batch = self.lock().next_batch()?;
        Some(self.crossing.own_read(batch))
    }

    /// Ends [`collect`](Self::collect). True when JavaScript is done with all it got.
    pub fn is_free(&self) -> bool {
        let mut state = self.lock();
        state.is_collected = false;
        let is_free = state.in_flight.is_none();
        self.send_if_free(state);
        is_free
    }

    /// JavaScript is going, or gone: nothing may wait for it any more.
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
    /// What goes to JavaScript next; nothing while a batch is on its way.
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
