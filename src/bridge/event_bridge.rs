//! Events on their way to JavaScript: many in one call, one call at a time.
//!
//! What crosses the border costs by the crossing. So everything that happens while JavaScript is busy
//! gathers in batches: one text with many lines, one table that says whose they are. The next batch
//! goes when JavaScript has said that it is done with the last, which it does in a turn of its event
//! loop's own: a thread-safe function's queue, refilled from inside its own call, would never let
//! the loop do anything else.
//!
//! A byte budget bounds what is gathered. A place in it is taken before output is read, in the order of asking: what
//! has no place yet stays in its pipe, and its child waits. What has been read without one waits for its bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use execution_engine::{EventKind, ExecutionEvent, LineBatch, OutputStream};
use napi::Status;
use napi::bindgen_prelude::{Buffer, Env, Float64Array, FnArgs, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, watch};

use super::buffer_pool::{Border, Room, Text};
use crate::number::to_js;
use crate::records::stream_name;
use crate::result::NativeResult;
use crate::runtime;
use crate::sync::lock;

/// What a turn of reading brings at most, very long lines apart, and takes from the budget before.
const READ: u32 = 132 * 1024;
/// Bytes of text on their way, gathered and crossing together.
const BUDGET: u32 = 4 * READ;
/// Text of a batch, as a rule one read of a loud child. V8 keeps a larger string in a space of its own: memory mapped
/// and unmapped for each.
const BATCH: usize = 127 * 1024;
/// Text up to which a copy costs less than to do without.
const LITTLE: usize = 4 * 1024;

/// What a row takes from it.
const ROW_COST: usize = 4 * size_of::<f64>();

const STDERR: u32 = 1;
const PARTIAL: u32 = 2;
const EVENT: u32 = 4;

/// What crosses in one call.
///
/// 1. The text: every line of the batch, each followed by `\n`.
/// 2. How many rows: four numbers each, the execution's, the kind (1 = stderr, 2 = partial, 4 = event), how many of
///    the next lines or which event, and when, in milliseconds since 1970.
/// 3. The rows, where they do not fit into the engine's table, which JavaScript made: an array made here costs,
///    with its finalizer, as much as a short batch.
/// 4. What is not a line.
/// 5. Whether the answer is heard: true to read on at once, false to wait for `read_again`. Where it is not heard,
///    JavaScript acknowledges the batch.
pub type NativeBatch = FnArgs<(Text, u32, Option<Float64Array>, Option<Vec<NativeEvent>>, bool)>;

/// Anything that happened but a line.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeEvent {
    #[napi(
        ts_type = "'queued' | 'started' | 'output_truncated' | 'warning' | 'completed' | 'failed' | 'cancelled' | 'timeout'"
    )]
    pub r#type: String,
    pub pid: Option<u32>,
    pub command: Option<String>,
    #[napi(ts_type = "'stdout' | 'stderr'")]
    pub stream: Option<String>,
    pub limit_bytes: Option<f64>,
    pub message: Option<String>,
    pub result: Option<NativeResult>,
}

type OnBatch = ThreadsafeFunction<Gathered, bool, NativeBatch, Status, false, true>;

/// An engine's one way to JavaScript.
pub struct EventBridge {
    state: Mutex<State>,
    budget: Semaphore,
    /// The last batch that JavaScript is done with.
    acknowledged: watch::Sender<u64>,
    /// Locked only for a call or a change of its reference.
    on_batch: Mutex<OnBatch>,
    border: Arc<Border>,
}

#[derive(Default)]
struct State {
    /// Batches that wait, the last one still open.
    gathered: VecDeque<Gathered>,
    /// How many were sent.
    sent: u64,
    /// The batch on its way; `None` when none is.
    in_flight: Option<InFlight>,
    /// What JavaScript is done with, and the budget was not given back yet.
    owed: u32,
    /// JavaScript's own thread is here, and takes the next batch with it.
    is_collected: bool,
}

/// Taken from the budget, for what is not read yet.
#[derive(Default)]
pub struct Reserved(u32);

/// A batch that JavaScript is not done with.
struct InFlight {
    /// What it has taken from the budget.
    cost: u32,
    /// Somebody may wait for JavaScript to be done with it.
    has_events: bool,
}

/// A batch in the making.
#[derive(Default)]
pub struct Gathered {
    room: Room,
    events: Vec<ExecutionEvent>,
    cost: u32,
}

impl EventBridge {
    /// Calls `on_batch` with each batch, its rows in `table`; does not keep the process alive until it is told to.
    pub fn new(table: Buffer, on_batch: &Function<NativeBatch, bool>) -> Result<Arc<Self>> {
        let border = Border::new(table);
        let here = Arc::clone(&border);
        let on_batch = on_batch
            .build_threadsafe_function::<Gathered>()
            .weak::<true>()
            .build_callback(move |context| Ok(context.value.cross(&here, false)))?;
        Ok(Arc::new(Self {
            state: Mutex::default(),
            budget: Semaphore::new(BUDGET as usize),
            acknowledged: watch::Sender::new(0),
            on_batch: Mutex::new(on_batch),
            border,
        }))
    }

    /// Takes from the budget what a read may bring, if it is there.
    pub fn try_reserve(&self) -> Option<Reserved> {
        match self.budget.try_acquire_many(READ) {
            Ok(permit) => {
                permit.forget();
                Some(Reserved(READ))
            }
            Err(TryAcquireError::NoPermits) => None,
            // JavaScript is gone: whatever is read goes nowhere.
            Err(TryAcquireError::Closed) => Some(Reserved::default()),
        }
    }

    /// The same, when it is there.
    pub async fn reserve(&self) -> Reserved {
        if self.acquire(READ).await { Reserved(READ) } else { Reserved::default() }
    }

    /// Gives back what was not needed.
    pub fn release(&self, Reserved(reserved): Reserved) {
        self.budget.add_permits(reserved as usize);
    }

    /// Adds lines to the batch, when there is budget for them.
    pub async fn lines(&self, number: u32, mut batch: LineBatch) {
        let cost = cost(&batch);
        if self.acquire(cost).await {
            self.add(number, &mut batch, cost);
        }
    }

    /// Adds lines to the batch, if what is reserved suffices, or there is budget for the rest now. May take their text,
    /// and leave another in its place.
    pub fn try_lines(&self, number: u32, batch: &mut LineBatch, Reserved(reserved): Reserved) -> bool {
        let cost = cost(batch);
        let Ok(more) = self.budget.try_acquire_many(cost.saturating_sub(reserved)) else {
            self.release(Reserved(reserved));
            return false;
        };
        more.forget();
        self.release(Reserved(reserved.saturating_sub(cost)));
        self.add(number, batch, cost);
        true
    }

    /// False: JavaScript is gone, and with it everybody who would read.
    async fn acquire(&self, cost: u32) -> bool {
        let permit = self.budget.acquire_many(cost).await;
        permit.map(SemaphorePermit::forget).is_ok()
    }

    fn add(&self, number: u32, batch: &mut LineBatch, cost: u32) {
        let is_foreign = !batch.text.is_ascii();
        let mut state = self.lock();
        let gathered = state.open(batch.text.len(), &self.border);
        gathered.room.is_foreign |= is_foreign;
        gathered.rows_of(number, batch, cost);
        gathered.text_of(batch);
        self.send_if_free(state);
    }

    /// Adds anything else; says in which batch it goes.
    pub fn event(&self, number: u32, event: ExecutionEvent) -> u64 {
        let mut state = self.lock();
        let gathered = state.open(0, &self.border);
        gathered.row(number, EVENT, gathered.events.len(), event.timestamp);
        gathered.events.push(event);
        let batch = state.sent + state.gathered.len() as u64;
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
        let Some(InFlight { cost, has_events }) = state.in_flight.take() else { return };
        state.owed += cost;
        // Waking a thread costs as much as reading a few lines: half of the budget at once, while there is something
        // to do meanwhile.
        let is_due = state.owed >= BUDGET / 2 || state.gathered.is_empty();
        let owed = if is_due { std::mem::take(&mut state.owed) } else { 0 };
        let sent = state.sent;
        self.send_if_free(state);
        // After the next batch has gone: JavaScript does not wait for whoever this wakes.
        self.release(Reserved(owed));
        if has_events {
            // Never lower: who is gone has no use for what is left.
            self.acknowledged.send_modify(|done| *done = sent.max(*done));
        }
    }

    /// In JavaScript's thread: what is gathered from now on is not sent, for [`collected`](Self::collected) takes it.
    pub fn collect(&self) {
        self.lock().is_collected = true;
    }

    /// What there is for JavaScript, if it is done with what it got before. To be given to it at once.
    pub fn collected(&self) -> Option<NativeBatch> {
        let batch = self.lock().next_batch()?;
        Some(batch.cross(&self.border, true))
    }

    /// Ends [`collect`](Self::collect). True when JavaScript is done with all it got.
    pub fn is_free(&self) -> bool {
        let mut state = self.lock();
        state.is_collected = false;
        let is_free = state.in_flight.is_none();
        self.send_if_free(state);
        is_free
    }

    /// JavaScript is going, or gone: nobody is to wait for it any more.
    pub fn close(&self) {
        self.budget.close();
        self.acknowledged.send_replace(u64::MAX);
    }

    /// Whether the way to JavaScript keeps the process alive.
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
    /// The batch that so much more text goes into.
    fn open(&mut self, more: usize, border: &Border) -> &mut Gathered {
        let is_full = |last: &Gathered| last.room.text.len() + more > BATCH && !last.room.text.is_empty();
        if self.gathered.back().is_none_or(is_full) {
            self.gathered.push_back(Gathered { room: border.room(), ..Gathered::default() });
        }
        let last = self.gathered.len() - 1;
        &mut self.gathered[last]
    }

    /// What goes to JavaScript next; nothing while a batch is on its way.
    fn next_batch(&mut self) -> Option<Gathered> {
        if self.in_flight.is_some() {
            return None;
        }
        let batch = self.gathered.pop_front()?;
        self.in_flight = Some(InFlight { cost: batch.cost, has_events: !batch.events.is_empty() });
        self.sent += 1;
        Some(batch)
    }
}

/// What lines take from the budget.
fn cost(batch: &LineBatch) -> u32 {
    let cost = batch.text.len() + batch.runs.len() * ROW_COST;
    u32::try_from(cost).unwrap_or(BUDGET).min(BUDGET)
}

impl Gathered {
    fn rows_of(&mut self, number: u32, batch: &LineBatch, cost: u32) {
        runtime::arrived();
        for run in &batch.runs {
            let kind = if run.stream == OutputStream::Stderr { STDERR } else { 0 };
            let kind = if run.partial { kind | PARTIAL } else { kind };
            self.row(number, kind, run.lines, run.timestamp);
        }
        self.cost += cost;
    }

    fn row(&mut self, number: u32, kind: u32, count: usize, at: chrono::DateTime<chrono::Utc>) {
        let time = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        self.room.rows.push([f64::from(number), f64::from(kind), to_js(count as u64), to_js(time)]);
    }

    fn text_of(&mut self, batch: &mut LineBatch) {
        if self.room.text.is_empty() && batch.text.len() > LITTLE {
            std::mem::swap(&mut self.room.text, &mut batch.text);
        } else {
            self.room.text.push_str(&batch.text);
        }
    }

    /// In JavaScript's thread, right before the call: nobody reads the table now.
    fn cross(self, border: &Arc<Border>, is_heard: bool) -> NativeBatch {
        let rows = &self.room.rows;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let own_rows = border.write(rows.as_flattened());
        let events = (!self.events.is_empty())
            .then(|| self.events.into_iter().map(|event| event.kind.into()).collect());
        (Text::new(self.room, border), count, own_rows, events, is_heard).into()
    }
}

impl From<EventKind> for NativeEvent {
    fn from(kind: EventKind) -> Self {
        let of_type = |name: &str| Self { r#type: name.to_owned(), ..Self::default() };
        let ended = |name, result: &Arc<execution_engine::ExecutionResult>| Self {
            result: Some(result.into()),
            ..of_type(name)
        };
        match kind {
            EventKind::Queued => of_type("queued"),
            EventKind::Started { pid, command } => {
                Self { pid: Some(pid), command: Some(command), ..of_type("started") }
            }
            EventKind::OutputTruncated { stream, limit_bytes } => Self {
                stream: Some(stream_name(stream).to_owned()),
                limit_bytes: Some(to_js(limit_bytes)),
                ..of_type("output_truncated")
            },
            EventKind::Warning { message } => Self { message: Some(message), ..of_type("warning") },
            EventKind::Completed { result } => ended("completed", &result),
            EventKind::Failed { result } => ended("failed", &result),
            EventKind::Cancelled { result } => ended("cancelled", &result),
            EventKind::Timeout { result } => ended("timeout", &result),
            // Lines cross as text, never as events.
            EventKind::Stdout { line, .. } | EventKind::Stderr { line, .. } => {
                Self { message: Some(line), ..of_type("warning") }
            }
        }
    }
}
