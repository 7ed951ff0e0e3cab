//! Events on their way to the handler: one at a time, in order, bounded.
//!
//! While the handler is busy, lines collect in the open batch, so the next call carries more: the slower the
//! handler, the fewer its calls. At [`OPEN_BATCH_LIMIT`] the task stops reading and the child waits.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::catch_unwind::{Panicked, no_panic, or_panic};
use crate::event::{
    BridgeHandler, EventHandler, EventKind, ExecutionEvent, HandlerFuture, LineBatch, OutputStream,
};
use crate::output::LineBatcher;

/// Size of the open batch at which reading stops: including the read that exceeds it, a batch has less than
/// 128 KiB. Larger ones were measured to be slower and to block an event loop for longer.
const OPEN_BATCH_LIMIT: usize = 60 * 1024;

pub(crate) struct Delivery {
    id: Uuid,
    handler: Option<Arc<dyn EventHandler>>,
    stream_output: bool,
    lines: LineBatcher,
    waiting: VecDeque<Waiting>,
    /// Bytes of text in `waiting`.
    waiting_bytes: usize,
    in_flight: Option<HandlerFuture<'static>>,
}

enum Waiting {
    Event(ExecutionEvent),
    Lines(LineBatch),
}

impl Delivery {
    pub(crate) fn new(id: Uuid, handler: Option<Arc<dyn EventHandler>>, stream_output: bool) -> Self {
        Self {
            id,
            stream_output,
            handler,
            lines: LineBatcher::new(id),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            in_flight: None,
        }
    }

    /// Output as it was read; its complete lines become events.
    pub(crate) fn output(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        if self.wants_lines() {
            self.lines.push(stream, bytes, at);
        }
    }

    /// The stream has ended: the rest of its last line is a line.
    pub(crate) fn end_of_stream(&mut self, stream: OutputStream, at: DateTime<Utc>) {
        if self.wants_lines() {
            self.lines.finish(stream, at);
        }
    }

    /// Whether the handler wants lines now.
    pub(crate) fn wants_lines(&self) -> bool {
        self.stream_output
            && self
                .handler
                .as_ref()
                .is_some_and(|handler| handler.bridge().is_none_or(BridgeHandler::wants_lines))
    }

    /// Any event that is not a line. Earlier lines stay before it.
    pub(crate) fn event(&mut self, kind: EventKind) {
        if self.handler.is_none() {
            return;
        }
        if let Some(batch) = self.lines.take() {
            self.waiting_bytes += batch.text.len();
            self.waiting.push_back(Waiting::Lines(batch));
        }
        let event = ExecutionEvent { execution_id: self.id, timestamp: Utc::now(), kind };
        self.waiting.push_back(Waiting::Event(event));
    }

    /// Whether more output may be read.
    pub(crate) fn has_capacity(&self) -> bool {
        self.waiting_bytes + self.lines.len() < OPEN_BATCH_LIMIT
    }

    /// Whether to reserve capacity for the next read: the handler wants it, and nothing is queued before it
    /// that would wait for the very capacity it takes.
    pub(crate) fn reserves(&self) -> bool {
        !self.is_busy() && self.wants_lines()
    }

    /// Asks the handler to reserve capacity for the next read. If there is none yet, returns a future that
    /// resolves when there is.
    pub(crate) fn reserve(&self) -> Option<HandlerFuture<'static>> {
        let handler = self.handler.as_ref().filter(|_| self.reserves())?;
        let id = self.id;
        if no_panic(|| handler.bridge().is_none_or(|bridge| bridge.try_reserve(id)))
            .unwrap_or_else(|panicked| report(id, &panicked))
        {
            return None;
        }
        let handler = Arc::clone(handler);
        Some(Box::pin(async move {
            let reserved = async {
                if let Some(bridge) = handler.bridge() {
                    bridge.reserve(id).await;
                }
            };
            if let Err(panicked) = or_panic(pin!(reserved)).await {
                report(id, &panicked);
            }
        }))
    }

    /// Whether [`progress`](Self::progress) has something to do.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.is_some() || !self.waiting.is_empty() || !self.lines.is_empty()
    }

    /// Offers the handler the output of a read, if it takes it without waiting.
    pub(crate) fn offer(&mut self) {
        let Some(handler) = self.handler.as_ref().map(Arc::clone) else { return };
        let id = self.id;
        let take = |lines: &mut LineBatch| {
            no_panic(|| handler.bridge().is_some_and(|bridge| bridge.try_handle_lines(lines)))
                .unwrap_or_else(|panicked| report(id, &panicked))
        };
        while self.in_flight.is_none() {
            match self.waiting.front_mut() {
                Some(Waiting::Event(_)) => self.begin(),
                Some(Waiting::Lines(batch)) => {
                    let len = batch.text.len();
                    if !take(batch) {
                        return;
                    }
                    self.waiting_bytes -= len;
                    if let Some(Waiting::Lines(batch)) = self.waiting.pop_front() {
                        LineBatcher::recycle(batch);
                    }
                }
                None => return self.lines.offer(take),
            }
        }
    }

    /// Polls one call until it first waits; most wait for nothing.
    fn begin(&mut self) {
        // The task that completes it polls it again, and registers its own waker then.
        let _ = pin!(self.progress()).poll(&mut Context::from_waker(Waker::noop()));
    }

    /// Completes one call of the handler, and makes it first if none is in progress. Cancel-safe.
    pub(crate) async fn progress(&mut self) {
        if self.in_flight.is_none() {
            self.in_flight = self.next_call();
        }
        let Some(call) = self.in_flight.as_mut() else { return };
        if let Err(panicked) = or_panic(call.as_mut()).await {
            report(self.id, &panicked);
        }
        self.in_flight = None;
    }

    /// Delivers everything.
    pub(crate) async fn finish(&mut self) {
        while self.is_busy() {
            self.progress().await;
        }
    }

    /// Completes everything but the last call, and polls that one until it first waits.
    pub(crate) async fn begin_last(&mut self) {
        while self.in_flight.is_some() || self.waiting.len() > 1 {
            self.progress().await;
        }
        self.begin();
    }

    fn next_call(&mut self) -> Option<HandlerFuture<'static>> {
        let handler = Arc::clone(self.handler.as_ref()?);
        match self.waiting.pop_front() {
            Some(Waiting::Event(event)) => Some(Box::pin(async move { handler.handle(event).await })),
            Some(Waiting::Lines(batch)) => {
                self.waiting_bytes -= batch.text.len();
                Some(Box::pin(async move { handler.handle_lines(batch).await }))
            }
            None => {
                let batch = self.lines.take()?;
                Some(Box::pin(async move { handler.handle_lines(batch).await }))
            }
        }
    }
}

/// True: the event counts as handled.
fn report(id: Uuid, Panicked(message): &Panicked) -> bool {
    tracing::error!(%id, panic = message, "an event handler panicked");
    true
}
