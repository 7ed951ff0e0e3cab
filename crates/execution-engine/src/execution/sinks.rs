//! Where output goes: what memory keeps, the log, the events.
//!
//! Secrets are masked before anything else sees the bytes.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::delivery::Delivery;
use super::outcome::Cause;
use crate::config::RetainOutput;
use crate::event::{EventKind, OutputStream};
use crate::log::ExecutionLog;
use crate::output::{BoundedBuffer, Secrets, StreamRedactor, part_to_retain};
use crate::request::OversizedOutputStrategy;

/// The limit in force and what happens at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputLimit {
    pub(crate) bytes: u64,
    pub(crate) strategy: OversizedOutputStrategy,
    pub(crate) retain: RetainOutput,
}

/// The three sinks of one execution.
pub(crate) struct Sinks {
    limit: OutputLimit,
    pub(crate) stdout: StreamSink,
    pub(crate) stderr: StreamSink,
    pub(crate) log: Option<ExecutionLog>,
    /// Whether the log itself is written, and not only spill files.
    writes_log: bool,
    pub(crate) delivery: Delivery,
}

/// What is kept of one stream.
pub(crate) struct StreamSink {
    redactor: StreamRedactor,
    buffer: BoundedBuffer,
    /// What the child wrote, before masking.
    pub(crate) bytes: u64,
}

impl StreamSink {
    fn new(secrets: &Secrets, limit: OutputLimit) -> Self {
        let retain = part_to_retain(limit.strategy, limit.retain);
        Self { redactor: secrets.stream(), buffer: BoundedBuffer::new(limit.bytes, retain), bytes: 0 }
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.buffer.is_truncated()
    }

    /// What the result holds. `whole`: where everything is.
    pub(crate) fn into_text(self, name: &str, whole: Option<&PathBuf>) -> String {
        let place = whole.map_or_else(
            || "it was not logged".to_owned(),
            |path| format!("all of it is in {}", path.display()),
        );
        self.buffer.into_text(&|left_out| format!("[... {left_out} bytes of {name} left out; {place} ...]"))
    }
}

impl Sinks {
    pub(crate) fn new(
        secrets: &Secrets,
        limit: OutputLimit,
        log: Option<ExecutionLog>,
        writes_log: bool,
        delivery: Delivery,
    ) -> Self {
        Self {
            limit,
            stdout: StreamSink::new(secrets, limit),
            stderr: StreamSink::new(secrets, limit),
            log,
            writes_log,
            delivery,
        }
    }

    /// Takes what was read. False: the limit is passed and the execution is to be stopped for it.
    pub(crate) fn accept(&mut self, stream: OutputStream, chunk: &[u8], at: DateTime<Utc>) -> bool {
        self.keep(stream, Some(chunk), at)
    }

    /// The stream has ended: what was held back is let go. False: that passed the limit.
    pub(crate) fn end_of_stream(&mut self, stream: OutputStream, at: DateTime<Utc>) -> bool {
        let is_within = self.keep(stream, None, at);
        self.delivery.end_of_stream(stream, at);
        is_within
    }

    /// Masks a chunk, or at the end what was held back, and gives it to the sinks.
    fn keep(&mut self, stream: OutputStream, chunk: Option<&[u8]>, at: DateTime<Utc>) -> bool {
        let sink = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let shown = match chunk {
            Some(chunk) => {
                sink.bytes += chunk.len() as u64;
                sink.redactor.push(chunk)
            }
            None => sink.redactor.finish(),
        };
        let to = Keepers {
            buffer: &mut sink.buffer,
            log: self.log.as_mut(),
            writes_log: self.writes_log,
            delivery: &mut self.delivery,
        };
        keep(self.limit, stream, shown, at, to)
    }

    /// Whether every sink takes more.
    pub(crate) fn have_room(&self) -> bool {
        self.delivery.has_room() && self.log.as_ref().is_none_or(ExecutionLog::has_room)
    }

    /// Sees one thing through that stands between the pipes and the sinks: a call of the handler, or,
    /// where there was no room, the log's blocks. Pending while nothing is under way. Cancel-safe.
    ///
    /// `had_room` is what the caller went by: asking again here would miss room that came in between,
    /// and wait for an event that is over.
    pub(crate) async fn make_progress(&mut self, had_room: bool) {
        let crowded = self.log.as_ref().filter(|_| !had_room && self.delivery.has_room());
        tokio::select! {
            () = wait_for_room(crowded), if crowded.is_some() => {}
            () = self.delivery.progress(), if self.delivery.is_busy() => {}
            else => std::future::pending().await,
        }
    }

    pub(crate) fn log_needs_flush(&self) -> bool {
        self.log.as_ref().is_some_and(ExecutionLog::needs_flush)
    }

    /// Hands the open block of the log over, and passes on what went wrong with earlier ones.
    pub(crate) fn flush_log(&mut self) {
        if let Some(log) = &mut self.log {
            log.flush();
        }
        self.report_log_trouble();
    }

    /// Notes a signal that the engine sent.
    pub(crate) fn log_signal(&mut self, signal: &str, cause: Cause) {
        if let Some(log) = self.log.as_mut().filter(|_| self.writes_log) {
            log.event(
                &serde_json::json!({ "event": "signal", "signal": signal, "why": cause.as_str() }),
                Utc::now(),
            );
        }
    }

    /// An event for the handler and, where it says something the output does not, for the log.
    pub(crate) fn warn(&mut self, message: String) {
        if let Some(log) = self.log.as_mut().filter(|_| self.writes_log) {
            log.event(&serde_json::json!({ "event": "warning", "message": message }), Utc::now());
        }
        self.delivery.event(EventKind::Warning { message });
    }

    /// Troubles of the log become warnings, once each.
    pub(crate) fn report_log_trouble(&mut self) {
        if let Some(message) = self.log.as_mut().and_then(ExecutionLog::take_warning) {
            self.delivery.event(EventKind::Warning { message });
        }
    }
}

async fn wait_for_room(log: Option<&ExecutionLog>) {
    if let Some(log) = log {
        log.room().await;
    }
}

struct Keepers<'a> {
    buffer: &'a mut BoundedBuffer,
    log: Option<&'a mut ExecutionLog>,
    writes_log: bool,
    delivery: &'a mut Delivery,
}

/// Gives masked bytes to the three sinks; false when the limit asks for a stop.
fn keep(
    limit: OutputLimit,
    stream: OutputStream,
    shown: &[u8],
    at: DateTime<Utc>,
    mut to: Keepers<'_>,
) -> bool {
    if shown.is_empty() {
        return true;
    }
    let was_truncated = to.buffer.is_truncated();
    let not_in_head = to.buffer.push(shown);
    if limit.strategy == OversizedOutputStrategy::StreamToFile
        && let Some(log) = to.log.as_deref_mut().filter(|_| !not_in_head.is_empty())
    {
        if !was_truncated {
            // Until now memory held everything: the file starts with it.
            log.spill(stream, to.buffer.head());
        }
        log.spill(stream, Arc::new(not_in_head.to_vec()));
    }
    if let Some(log) = to.log.as_deref_mut().filter(|_| to.writes_log) {
        log.output(stream, shown, at);
    }
    to.delivery.output(stream, shown, at);
    let truncated_now = to.buffer.is_truncated() && !was_truncated;
    if truncated_now {
        if let Some(log) = to.log.filter(|_| to.writes_log) {
            let event = serde_json::json!({ "event": "output_truncated", "stream": stream, "limit_bytes": limit.bytes });
            log.event(&event, at);
        }
        to.delivery.event(EventKind::OutputTruncated { stream, limit_bytes: limit.bytes });
    }
    !(truncated_now && limit.strategy == OversizedOutputStrategy::FailExecution)
}
