//! [`Batch`]: what crosses the FFI boundary in one call, while it fills.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use execution_engine::{ExecutionEvent, LineBatch, OutputStream};

use super::budget::Permit;
use super::buffer_pool::{BatchBuffer, BufferPool, Row};
use crate::number::to_js;

/// Text per batch: usually one read of a busy child. V8 puts a larger string in its large-object space, whose
/// memory is mapped and unmapped for each string.
const MAX_TEXT: usize = 127 * 1024;
/// Rows per batch, as many as JavaScript's table holds, unless a single read brings more.
const MAX_ROWS: usize = 1024;
/// Events per batch. Each becomes an object, and its listener runs before the event loop continues.
const MAX_EVENTS: usize = 256;
/// Text up to which copying is cheaper than swapping buffers.
const CHEAP_COPY: usize = 4 * 1024;

/// Kinds of rows; `lib/events/batch.ts` reads them.
const STDERR: u32 = 1;
const PARTIAL: u32 = 2;
const EVENT: u32 = 4;

/// Lines and events of one engine's executions, in order.
#[derive(Default)]
pub struct Batch {
    pub buffer: BatchBuffer,
    pub events: Vec<ExecutionEvent>,
    /// How many lines the text has.
    pub lines: usize,
    /// The permit for the text and its rows.
    pub permit: Permit,
}

impl Batch {
    /// Adds lines. May take their text and leave another buffer instead.
    pub fn push_lines(&mut self, number: u32, batch: &mut LineBatch, is_ascii: bool, permit: Permit) {
        for run in &batch.runs {
            let stream = if run.stream == OutputStream::Stderr { STDERR } else { 0 };
            let partial = if run.partial { PARTIAL } else { 0 };
            self.push_row(number, stream | partial, run.lines, run.timestamp);
            self.lines += run.lines;
        }
        self.buffer.is_ascii &= is_ascii;
        if self.buffer.text.is_empty() && batch.text.len() > CHEAP_COPY {
            std::mem::swap(&mut self.buffer.text, &mut batch.text);
        } else {
            self.buffer.text.push_str(&batch.text);
        }
        self.permit.merge(permit);
    }

    /// Adds an event that is not a line.
    pub fn push_event(&mut self, number: u32, event: ExecutionEvent) {
        self.push_row(number, EVENT, self.events.len(), event.timestamp);
        self.events.push(event);
    }

    fn push_row(&mut self, number: u32, kind: u32, count: usize, at: DateTime<Utc>) {
        let time = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        self.buffer.rows.push([f64::from(number), f64::from(kind), to_js(count as u64), to_js(time)]);
    }

    /// Whether this much more fits into the next batch. Anything too large for every batch gets one of its
    /// own.
    fn is_full(&self, text: usize, rows: usize) -> bool {
        let BatchBuffer { text: own_text, rows: own_rows, .. } = &self.buffer;
        !own_rows.is_empty()
            && (own_rows.len() + rows > MAX_ROWS
                || self.events.len() >= MAX_EVENTS
                || (!own_text.is_empty() && own_text.len() + text > MAX_TEXT))
    }
}

/// Batches that wait for JavaScript; the last one is still open.
#[derive(Default)]
pub struct BatchQueue(VecDeque<Batch>);

impl BatchQueue {
    /// The batch for this much more text and this many more rows.
    pub fn open(&mut self, text: usize, rows: usize, pool: &BufferPool) -> &mut Batch {
        if self.0.back().is_none_or(|last| last.is_full(text, rows)) {
            self.0.push_back(Batch { buffer: pool.take(), ..Batch::default() });
        }
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    pub fn pop(&mut self) -> Option<Batch> {
        self.0.pop_front()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What lines cost in the budget.
pub fn cost(batch: &LineBatch) -> usize {
    batch.text.len() + batch.runs.len() * size_of::<Row>()
}
