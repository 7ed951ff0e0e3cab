//! [`Coalescing`]: when JavaScript gets the next batch. This file has the whole policy with all its numbers.
//!
//! A crossing costs by the call. When many executions together write a few lines each, their lines are
//! batched for a frame and cross at once. After a short batch the next follows immediately; after a longer
//! one it waits for another turn of the event loop, so that JavaScript gets to everything else.

use std::time::Duration;

use super::batch::Batch;

/// Time over which lines are counted.
const WINDOW: Duration = Duration::from_millis(4);
/// Events per millisecond above which handling each one separately costs more than the wait is worth.
const CROWDED_PER_MS: f64 = 20.0;
/// A batch with at least this much text was worth its crossing.
const LARGE_TEXT: usize = 32 * 1024;
/// So was one with at least this many lines per row, probably the rest of an execution's output.
const MANY_LINES_PER_ROW: usize = 8;
/// How long lines are batched: one frame of a screen.
const FRAME: Duration = Duration::from_millis(16);
/// How long they are batched together with other events, such as ends, which must not wait long.
const SHARED_FRAME: Duration = Duration::from_millis(1);
/// A batch with less text and fewer events is handled almost instantly.
const SHORT_TEXT: usize = 4 * 1024;
const SHORT_EVENTS: usize = 64;
/// How many short batches may follow each other in one turn of the event loop.
const MAX_IN_A_ROW: u32 = 16;

/// When the next batch may come, counted from when JavaScript is done with this one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Immediately,
    InAnotherTurn,
    After(Duration),
}

/// What was observed of an engine's batches so far.
#[derive(Default)]
pub struct Coalescing {
    lines: Rate,
    /// Milliseconds since 1970. The batches carry this time, so reading it costs nothing.
    last_at: f64,
    /// Lines in the batches of this millisecond.
    pending: usize,
    short_in_a_row: u32,
}

impl Coalescing {
    /// After a batch that a turn of JavaScript's event loop read. The loop wakes up for the next one by
    /// itself.
    pub fn after_own_read(&mut self, batch: &Batch) -> Next {
        if self.should_collect(batch) { Next::After(FRAME) } else { Next::Immediately }
    }

    /// After a batch that another thread sent.
    pub fn after_sent(&mut self, batch: &Batch) -> Next {
        let is_short = batch.buffer.text.len() < SHORT_TEXT && batch.events.len() < SHORT_EVENTS;
        let follows_at_once = is_short && self.short_in_a_row < MAX_IN_A_ROW;
        self.short_in_a_row = if follows_at_once { self.short_in_a_row + 1 } else { 0 };
        if self.should_collect(batch) {
            Next::After(SHARED_FRAME)
        } else if follows_at_once {
            Next::Immediately
        } else {
            Next::InAnotherTurn
        }
    }

    fn should_collect(&mut self, batch: &Batch) -> bool {
        let (text, rows) = (batch.buffer.text.len(), &batch.buffer.rows);
        self.pending += batch.lines;
        // All of a batch was read at about the same time.
        let at = rows.first().map_or(self.last_at, |[.., at]| *at);
        // The clock may be set back.
        let passed = (at - self.last_at).abs();
        if passed > 0.0 {
            self.lines.count(self.pending, passed);
            self.pending = 0;
            self.last_at = at;
        }
        let is_little = text > 0 && text < LARGE_TEXT && batch.lines < MANY_LINES_PER_ROW * rows.len();
        self.lines.is_crowded() && is_little
    }
}

/// Arrivals per millisecond: an exponential moving average over [`WINDOW`].
#[derive(Default)]
struct Rate(f64);

impl Rate {
    /// Adds this many arrivals in this many milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^53")]
    fn count(&mut self, count: usize, passed_ms: f64) {
        let share = 1.0 - (-passed_ms / (WINDOW.as_secs_f64() * 1000.0)).exp();
        self.0 += (count as f64 / passed_ms - self.0) * share;
    }

    fn is_crowded(&self) -> bool {
        self.0 > CROWDED_PER_MS
    }
}
