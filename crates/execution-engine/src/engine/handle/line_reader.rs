//! Lines on their way from an execution to their reader, one batch ahead.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::event::{
    BridgeHandler, EventHandler, ExecutionEvent, HandlerFuture, LineBatch, LineRun, OutputStream,
};

/// One line of output, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputLine {
    /// The stream it was written to.
    pub stream: OutputStream,
    /// The text; invalid UTF-8 reads as U+FFFD.
    pub text: String,
    /// Whether the line continues in the stream's next one (lines over 1 MiB arrive in parts).
    pub partial: bool,
    /// When its last bytes were read.
    pub timestamp: DateTime<Utc>,
}

/// Returns lines one by one from batches, which it receives one at a time.
#[derive(Debug)]
pub(in crate::engine) struct LineReader {
    batches: mpsc::Receiver<LineBatch>,
    open: OpenBatch,
}

impl LineReader {
    /// The next line; `None` once the execution has ended.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<OutputLine>> {
        loop {
            if let Some(line) = self.open.next() {
                return Poll::Ready(Some(line));
            }
            match ready!(self.batches.poll_recv(cx)) {
                Some(batch) => self.open = OpenBatch::new(batch),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// A batch whose lines are returned one by one.
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

/// Sends an execution's lines to their reader: one batch waits, the next makes the child wait.
#[derive(Debug)]
pub(in crate::engine) struct LineSender(mpsc::Sender<LineBatch>);

impl LineSender {
    pub(in crate::engine) fn new() -> (Arc<Self>, LineReader) {
        let (sender, batches) = mpsc::channel(1);
        (Arc::new(Self(sender)), LineReader { batches, open: OpenBatch::default() })
    }
}

impl EventHandler for LineSender {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        // An error means that the reader is gone.
        Box::pin(async move { drop(self.0.send(batch).await) })
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for LineSender {
    fn wants_lines(&self) -> bool {
        !self.0.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

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
