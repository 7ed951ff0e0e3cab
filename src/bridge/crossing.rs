//! [`Crossing`]: turns a batch into the arguments of JavaScript's function, in JavaScript's thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Buffer, Float64Array, FnArgs};

use super::batch::Batch;
use super::buffer_pool::{BufferPool, PooledText};
use super::coalescing::{Coalescing, Next};
use crate::records::NativeEvent;
use crate::sync::lock;

/// What crosses in one call.
///
/// 1. The text: every line of the batch, each followed by `\n`.
/// 2. How many rows there are; see [`Row`](super::buffer_pool::Row).
/// 3. The rows, if they do not fit into the engine's table, which JavaScript made: an array made here costs,
///    with its finalizer, as much as a short batch.
/// 4. Events that are not lines.
/// 5. Whether a turn of JavaScript's event loop read it. If so, JavaScript calls `read_again` after the
///    delay, if there is one. Otherwise it calls `acknowledge`.
/// 6. The delay, in milliseconds: 0 for another turn of the event loop, -1 for none.
pub type NativeBatch = FnArgs<(PooledText, u32, Option<Float64Array>, Option<Vec<NativeEvent>>, bool, i32)>;

/// JavaScript's end of an engine's bridge.
pub struct Crossing {
    pub pool: Arc<BufferPool>,
    /// Where rows go. Both sides access it in JavaScript's thread only.
    table: Mutex<Buffer>,
    coalescing: Mutex<Coalescing>,
}

impl Crossing {
    pub fn new(table: Buffer) -> Self {
        Self { pool: Arc::default(), table: Mutex::new(table), coalescing: Mutex::default() }
    }

    /// Arguments for a batch that another thread sent. The caller is C code, which a panic must not reach:
    /// after a panic the batch is lost, and JavaScript gets an empty one to acknowledge.
    pub fn sent(&self, batch: Batch) -> NativeBatch {
        let (lines, events) = (batch.lines, batch.events.len());
        let made = catch_unwind(AssertUnwindSafe(|| {
            let next = lock(&self.coalescing).after_sent(&batch);
            self.arguments(batch, false, next)
        }));
        made.unwrap_or_else(|_| {
            tracing::error!(lines, events, "a batch for JavaScript is lost: making its arguments panicked");
            self.arguments(Batch::default(), false, Next::InAnotherTurn)
        })
    }

    /// Arguments for a batch that this thread has read; true if more is to be read only after `read_again`.
    pub fn own_read(&self, batch: Batch) -> (NativeBatch, bool) {
        let next = lock(&self.coalescing).after_own_read(&batch);
        (self.arguments(batch, true, next), next != Next::Immediately)
    }

    /// Call it right before the crossing, when nothing reads the table.
    fn arguments(&self, batch: Batch, is_own_read: bool, next: Next) -> NativeBatch {
        let rows = batch.buffer.rows.as_flattened();
        let count = u32::try_from(batch.buffer.rows.len()).unwrap_or(u32::MAX);
        let own_rows = (!self.write(rows)).then(|| Float64Array::new(rows.to_vec()));
        let events = (!batch.events.is_empty())
            .then(|| batch.events.into_iter().map(|event| event.kind.into()).collect());
        (PooledText::new(batch.buffer, &self.pool), count, own_rows, events, is_own_read, delay(next)).into()
    }

    /// Writes numbers where JavaScript reads them; false if they do not fit.
    fn write(&self, numbers: &[f64]) -> bool {
        let mut table = lock(&self.table);
        let fits = size_of_val(numbers) <= table.len();
        if fits {
            for (cell, number) in table.chunks_exact_mut(size_of::<f64>()).zip(numbers) {
                cell.copy_from_slice(&number.to_ne_bytes());
            }
        }
        fits
    }
}

fn delay(next: Next) -> i32 {
    match next {
        Next::Immediately => -1,
        Next::InAnotherTurn => 0,
        Next::After(delay) => i32::try_from(delay.as_millis()).unwrap_or(i32::MAX),
    }
}
