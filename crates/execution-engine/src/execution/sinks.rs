//! Where output goes: memory, the log, the events.
//!
//! Secrets are masked before anything else sees the bytes.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::delivery::Delivery;
use super::outcome::Cause;
use super::settings::OutputLimit;
use crate::event::{EventKind, OutputStream};
use crate::limits::OversizedOutputStrategy;
use crate::log::{ExecutionLog, StoredFile};
use crate::output::{BoundedBuffer, Secrets, StreamRedactor};
use crate::per_stream::PerStream;

/// The three sinks of one execution.
pub(crate) struct Sinks {
    limit: OutputLimit,
    pub(crate) streams: PerStream<StreamSink>,
    /// Both streams in one, if the request says so.
    pub(crate) all: Option<BoundedBuffer>,
    pub(crate) log: ExecutionLog,
    pub(crate) delivery: Delivery,
}

/// What memory keeps of one stream.
pub(crate) struct StreamSink {
    redactor: StreamRedactor,
    buffer: BoundedBuffer,
    /// What the child wrote, before masking.
    pub(crate) bytes: u64,
}

impl StreamSink {
    fn new(secrets: &Secrets, limit: OutputLimit) -> Self {
        let buffer = BoundedBuffer::new(limit.bytes, limit.retain);
        Self { redactor: secrets.stream(), buffer, bytes: 0 }
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.buffer.is_truncated()
    }

    /// What was kept of the last bytes, secrets masked.
    pub(crate) fn end(&self, most: usize) -> Vec<u8> {
        self.buffer.end(most)
    }

    /// What was kept, secrets masked.
    pub(crate) fn into_buffer(self) -> BoundedBuffer {
        self.buffer
    }
}

/// Output as the result holds it. `stored`: the file that has more.
pub(crate) fn into_text(kept: BoundedBuffer, name: &str, stored: Option<&StoredFile>) -> String {
    let place = stored.map_or_else(
        || "it was not logged".to_owned(),
        |StoredFile { path, is_whole }| {
            let part = if *is_whole { "all" } else { "part" };
            format!("{part} of it is in {}", path.display())
        },
    );
    kept.into_text(&|left_out| format!("[... {left_out} bytes of {name} left out; {place} ...]"))
}

impl Sinks {
    pub(crate) fn new(
        secrets: &Secrets,
        limit: OutputLimit,
        has_all: bool,
        log: ExecutionLog,
        delivery: Delivery,
    ) -> Self {
        // Twice the limit: whatever is kept of each stream is in both.
        let all = has_all.then(|| BoundedBuffer::new(limit.bytes * 2, limit.retain));
        Self { limit, streams: PerStream::from_fn(|| StreamSink::new(secrets, limit)), all, log, delivery }
    }

    /// What the child has written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.bytes).sum()
    }

    /// Takes what was read. False: the limit is exceeded and the execution must be stopped for it.
    pub(crate) fn accept(&mut self, stream: OutputStream, chunk: &[u8], at: DateTime<Utc>) -> bool {
        self.keep(stream, Some(chunk), at)
    }

    /// The stream has ended: flushes what was held back. False: that exceeded the limit.
    pub(crate) fn end_of_stream(&mut self, stream: OutputStream, at: DateTime<Utc>) -> bool {
        let is_within = self.keep(stream, None, at);
        self.delivery.end_of_stream(stream, at);
        is_within
    }

    /// Masks a chunk, or at the end what was held back, and passes it to the sinks. False: the limit requires
    /// a stop.
    fn keep(&mut self, stream: OutputStream, chunk: Option<&[u8]>, at: DateTime<Utc>) -> bool {
        let sink = &mut self.streams[stream];
        let shown = match chunk {
            Some(chunk) => {
                sink.bytes += chunk.len() as u64;
                sink.redactor.push(chunk)
            }
            None => sink.redactor.finish(),
        };
        if shown.is_empty() {
            return true;
        }
        let OutputLimit { bytes: limit_bytes, strategy, .. } = self.limit;
        let was_truncated = sink.buffer.is_truncated();
        let not_in_head = sink.buffer.push(shown);
        if let Some(all) = &mut self.all {
            all.push(shown);
        }
        let spills = strategy == OversizedOutputStrategy::StreamToFile && !not_in_head.is_empty();
        if spills && self.log.takes_spill(stream) {
            if !was_truncated {
                // Memory held everything until now: the file starts with it.
                self.log.spill(stream, sink.buffer.head());
            }
            self.log.spill(stream, Arc::new(not_in_head.to_vec()));
        }
        self.log.output(stream, shown, at);
        self.delivery.output(stream, shown, at);
        let truncated_now = sink.buffer.is_truncated() && !was_truncated;
        if truncated_now {
            let event = serde_json::json!({
                "event": "output_truncated", "stream": stream, "limit_bytes": limit_bytes
            });
            self.log.event(&event, at);
            self.delivery.event(EventKind::OutputTruncated { stream, limit_bytes });
        }
        !(truncated_now && strategy == OversizedOutputStrategy::FailExecution)
    }

    /// Whether every sink accepts more.
    pub(crate) fn have_capacity(&self) -> bool {
        self.delivery.has_capacity() && self.log.has_capacity()
    }

    /// Completes one thing that blocks reading: a call of the handler or, if `had_capacity` is false, the
    /// log's pending blocks. Pending while neither is in progress. Cancel-safe.
    ///
    /// `had_capacity` is what the caller acted on: checking again here could miss capacity that was freed in
    /// between, and wait for an event that is over.
    pub(crate) async fn make_progress(&mut self, had_capacity: bool) {
        let is_log_full = !had_capacity && self.delivery.has_capacity();
        tokio::select! {
            () = self.log.caught_up(), if is_log_full => {}
            () = self.delivery.progress(), if self.delivery.is_busy() => {}
            else => std::future::pending().await,
        }
    }

    pub(crate) fn log_needs_flush(&self) -> bool {
        self.log.needs_flush()
    }

    /// Hands the log's open block over, and reports errors of earlier ones.
    pub(crate) fn flush_log(&mut self) {
        self.log.flush();
        self.report_log_trouble();
    }

    /// Records a signal that the engine sent.
    pub(crate) fn log_signal(&mut self, signal: &str, cause: Cause) {
        let event = serde_json::json!({ "event": "signal", "signal": signal, "why": cause.as_str() });
        self.log.event(&event, Utc::now());
    }

    /// Emits an event, and logs it if it says something that the output does not.
    pub(crate) fn warn(&mut self, message: String) {
        self.log.event(&serde_json::json!({ "event": "warning", "message": message }), Utc::now());
        self.delivery.event(EventKind::Warning { message });
    }

    /// Log errors become warnings, once each.
    pub(crate) fn report_log_trouble(&mut self) {
        for message in self.log.take_warnings() {
            self.delivery.event(EventKind::Warning { message });
        }
    }
}
