//! Events on their way to JavaScript: many in one call, one call at a time.
//!
//! What crosses the border costs by the crossing. So everything that happens while JavaScript is busy
//! gathers in one batch: one text with all lines, one table that says whose they are. The next batch
//! goes when JavaScript has said that it is done with the last, which it does in a turn of its event
//! loop's own: a thread-safe function's queue, refilled from inside its own call, would never let
//! the loop do anything else.
//!
//! A byte budget bounds what is gathered. Who finds it spent waits, in the order of asking; then the
//! pump of that execution stops reading, its pipe fills, and its child waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use execution_engine::{EventKind, ExecutionEvent, LineBatch, OutputStream};
use napi::Status;
use napi::bindgen_prelude::{Env, Float64Array, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokio::sync::{Semaphore, watch};

use crate::number::to_js;
use crate::records::stream_name;
use crate::result::NativeResult;

/// Bytes of text on their way, gathered and crossing together.
const BUDGET: u32 = 256 * 1024;

const STDERR: u32 = 1;
const PARTIAL: u32 = 2;
const EVENT: u32 = 4;

/// What crosses in one call.
#[napi(object, object_from_js = false)]
pub struct NativeBatch {
    /// Every line of the batch, each followed by `\n`.
    pub text: String,
    /// Four numbers a row: the execution's, the kind (1 = stderr, 2 = partial, 4 = event), how many of
    /// the next lines or which event, and when, in milliseconds since 1970. (One array: each costs as
    /// much as a short batch's lines.)
    pub rows: Float64Array,
    /// What is not a line.
    pub events: Vec<NativeEvent>,
}

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

type OnBatch = ThreadsafeFunction<Gathered, (), NativeBatch, Status, false, true>;

/// An engine's one way to JavaScript.
pub struct EventBridge {
    state: Mutex<State>,
    budget: Semaphore,
    /// The last batch that JavaScript is done with.
    acknowledged: watch::Sender<u64>,
    /// Locked only for a call or a change of its reference.
    on_batch: Mutex<OnBatch>,
}

#[derive(Default)]
struct State {
    gathered: Gathered,
    /// The batch that is gathered now.
    number: u64,
    /// What the batch on its way has taken from the budget; `None` when none is.
    in_flight: Option<u32>,
}

/// A batch in the making.
#[derive(Default)]
pub struct Gathered {
    text: String,
    rows: Vec<f64>,
    events: Vec<ExecutionEvent>,
    cost: u32,
}

impl EventBridge {
    /// Calls `on_batch` with each batch; does not keep the process alive until it is told to.
    pub fn new(on_batch: &Function<NativeBatch, ()>) -> Result<Arc<Self>> {
        let on_batch = on_batch
            .build_threadsafe_function::<Gathered>()
            .weak::<true>()
            .build_callback(|context| Ok(NativeBatch::from(context.value)))?;
        Ok(Arc::new(Self {
            state: Mutex::default(),
            budget: Semaphore::new(BUDGET as usize),
            acknowledged: watch::Sender::new(0),
            on_batch: Mutex::new(on_batch),
        }))
    }

    /// Adds lines to the batch, when there is budget for them.
    pub async fn lines(&self, number: u32, batch: LineBatch) {
        let cost = u32::try_from(batch.text.len()).unwrap_or(BUDGET).clamp(1, BUDGET);
        match self.budget.acquire_many(cost).await {
            Ok(permit) => permit.forget(),
            // Closed: JavaScript is gone, and with it everybody who would read.
            Err(_) => return,
        }
        let mut state = self.lock();
        let gathered = &mut state.gathered;
        for run in &batch.runs {
            let kind = if run.stream == OutputStream::Stderr { STDERR } else { 0 };
            let kind = if run.partial { kind | PARTIAL } else { kind };
            gathered.row(number, kind, run.lines, run.timestamp);
        }
        if gathered.text.is_empty() {
            gathered.text = batch.text;
        } else {
            gathered.text.push_str(&batch.text);
        }
        gathered.cost += cost;
        self.send_if_free(state);
    }

    /// Adds anything else; says in which batch it goes.
    pub fn event(&self, number: u32, event: ExecutionEvent) -> u64 {
        let mut state = self.lock();
        let index = state.gathered.events.len();
        state.gathered.row(number, EVENT, index, event.timestamp);
        state.gathered.events.push(event);
        let batch = state.number;
        self.send_if_free(state);
        batch
    }

    /// Resolves when JavaScript is done with a batch, or gone.
    pub async fn processed(&self, batch: u64) {
        let mut acknowledged = self.acknowledged.subscribe();
        // An error cannot be: the sender lives in `self`.
        let _ = acknowledged.wait_for(|done| *done > batch).await;
    }

    /// JavaScript is done with the batch that it was given.
    pub fn acknowledge(&self) {
        let mut state = self.lock();
        if let Some(cost) = state.in_flight.take() {
            self.budget.add_permits(cost as usize);
        }
        self.acknowledged.send_replace(state.number);
        self.send_if_free(state);
    }

    /// JavaScript is going, or gone: nobody is to wait for it any more.
    pub fn close(&self) {
        self.budget.close();
        self.acknowledged.send_replace(u64::MAX);
    }

    /// Whether the way to JavaScript keeps the process alive.
    pub fn keep_alive(&self, env: &Env, alive: bool) -> Result<()> {
        let mut on_batch = self.on_batch.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(deprecated, reason = "the advised replacement, dropping all handles, cannot be undone")]
        if alive { on_batch.refer(env) } else { on_batch.unref(env) }
    }

    fn send_if_free(&self, mut state: MutexGuard<'_, State>) {
        if state.in_flight.is_some() || state.gathered.rows.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut state.gathered);
        state.in_flight = Some(batch.cost);
        state.number += 1;
        drop(state);
        let on_batch = self.on_batch.lock().unwrap_or_else(PoisonError::into_inner);
        if on_batch.call(batch, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            self.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    fn row(&mut self, number: u32, kind: u32, count: usize, at: chrono::DateTime<chrono::Utc>) {
        let time = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        self.rows.extend([f64::from(number), f64::from(kind), to_js(count as u64), to_js(time)]);
    }
}

impl From<Gathered> for NativeBatch {
    fn from(gathered: Gathered) -> Self {
        Self {
            text: gathered.text,
            rows: Float64Array::new(gathered.rows),
            events: gathered.events.into_iter().map(|event| event.kind.into()).collect(),
        }
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
