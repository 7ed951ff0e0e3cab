//! [`Lines`]: the lines of one execution as a stream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures_core::Stream;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::cancel_on_drop::CancelOnDrop;
use super::execution_handle::ExecutionHandle;
use crate::event::{EventHandler, ExecutionEvent, HandlerFuture, LineBatch, LineRun, OutputStream};

/// One line of output, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputLine {
    /// The stream it was written to.
    pub stream: OutputStream,
    /// The text; invalid UTF-8 reads as U+FFFD.
    pub text: String,
    /// Whether the line goes on in the stream's next one (lines over 1 MiB come in parts).
    pub partial: bool,
    /// When its last bytes were read.
    pub timestamp: DateTime<Utc>,
}

/// Lines of both streams, in arrival order, until the execution has ended.
///
/// Dropping it before its end cancels the execution, unless that was
/// [detached](ExecutionHandle::detach).
#[derive(Debug)]
#[must_use = "dropping it cancels the execution"]
pub struct Lines {
    batches: Option<mpsc::Receiver<LineBatch>>,
    open: OpenBatch,
    _guard: Option<CancelOnDrop>,
    /// Where the handle itself was turned into this.
    handle: Option<ExecutionHandle>,
}

impl Lines {
    pub(super) fn new(
        batches: Option<mpsc::Receiver<LineBatch>>,
        guard: Option<CancelOnDrop>,
        handle: Option<ExecutionHandle>,
    ) -> Self {
        Self { batches, open: OpenBatch::default(), _guard: guard, handle }
    }

    /// The next line; `None` when the execution has ended and every line was given. Cancel safe.
    pub async fn next(&mut self) -> Option<OutputLine> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The handle, where [`into_lines`](ExecutionHandle::into_lines) took it: to await the result.
    /// From then on dropping the handle is what cancels.
    #[must_use = "dropping it cancels the execution"]
    pub fn into_handle(mut self) -> Option<ExecutionHandle> {
        self.handle.take()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<OutputLine>> {
        loop {
            if let Some(line) = self.open.next() {
                return Poll::Ready(Some(line));
            }
            let Some(batches) = &mut self.batches else { return Poll::Ready(None) };
            match batches.poll_recv(cx) {
                Poll::Ready(Some(batch)) => self.open = OpenBatch::new(batch),
                Poll::Ready(None) => self.batches = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Stream for Lines {
    type Item = OutputLine;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<OutputLine>> {
        self.get_mut().poll(cx)
    }
}

/// A batch whose lines are given out one by one.
#[derive(Debug, Default)]
struct OpenBatch {
    text: String,
    runs: std::vec::IntoIter<LineRun>,
    run: Option<LineRun>,
    at: usize,
    /// Where the lines of `run` end in `text`.
    end: usize,
}

impl OpenBatch {
    fn new(batch: LineBatch) -> Self {
        Self { text: batch.text, runs: batch.runs.into_iter(), ..Self::default() }
    }
}

impl Iterator for OpenBatch {
    type Item = OutputLine;

    fn next(&mut self) -> Option<OutputLine> {
        while self.at == self.end {
            let run = self.runs.next()?;
            self.end += run.len;
            self.run = Some(run);
        }
        let LineRun { stream, partial, timestamp, .. } = self.run?;
        let rest = &self.text[self.at..self.end];
        let len = rest.find('\n').unwrap_or(rest.len());
        let text = rest[..len].to_owned();
        self.at = (self.at + len + 1).min(self.end);
        Some(OutputLine { stream, text, partial, timestamp })
    }
}

/// Hands an execution's lines to whoever reads them: one batch waits, the next makes the child wait.
#[derive(Debug)]
pub(in crate::engine) struct LineSender(mpsc::Sender<LineBatch>);

impl LineSender {
    pub(in crate::engine) fn new() -> (Arc<Self>, mpsc::Receiver<LineBatch>) {
        let (sender, receiver) = mpsc::channel(1);
        (Arc::new(Self(sender)), receiver)
    }
}

impl EventHandler for LineSender {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    fn wants_lines(&self) -> bool {
        !self.0.is_closed()
    }

    fn try_reserve(&self, _: Uuid) -> bool {
        true
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        // An error means that nobody reads any more.
        Box::pin(async move { drop(self.0.send(batch).await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_its_lines_one_by_one_each_with_its_stream() {
        let timestamp = DateTime::UNIX_EPOCH;
        let run = |stream, partial, len, lines| LineRun { stream, partial, len, lines, timestamp };
        let batch = LineBatch {
            execution_id: Uuid::nil(),
            text: "a\n\nerr\nhalf\n".into(),
            runs: vec![
                run(OutputStream::Stdout, false, 3, 2),
                run(OutputStream::Stderr, false, 4, 1),
                run(OutputStream::Stdout, true, 5, 1),
            ],
        };
        let seen: Vec<_> = OpenBatch::new(batch)
            .map(|line| format!("{} {} {}", line.stream.as_str(), line.text, line.partial))
            .collect();
        assert_eq!(seen, ["stdout a false", "stdout  false", "stderr err false", "stdout half true"]);
    }
}
