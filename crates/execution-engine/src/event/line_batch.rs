//! [`LineBatch`]: many lines in one call.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::execution_event::{EventKind, ExecutionEvent, OutputStream};

/// Consecutive lines of one execution, batched while the handler was busy.
///
/// One string for many lines: crossing a boundary (threads, processes, languages) costs by the call, not by
/// the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineBatch {
    /// The execution.
    pub execution_id: Uuid,
    /// Every line followed by `\n`, in arrival order.
    pub text: String,
    /// Which stretches of `text` belong to which stream, in order; their lengths add up to `text`.
    pub runs: Vec<LineRun>,
}

/// A stretch of a [`LineBatch`]: lines of one stream, read at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineRun {
    /// The stream.
    pub stream: OutputStream,
    /// Whether this is one part of a line that continues in the stream's next run.
    pub partial: bool,
    /// Length in bytes, line ends included.
    pub len: usize,
    /// Number of lines.
    pub lines: usize,
    /// When its last bytes were read.
    pub timestamp: DateTime<Utc>,
}

impl LineBatch {
    /// The lines as events, in order.
    pub fn events(&self) -> impl Iterator<Item = ExecutionEvent> + '_ {
        let mut rest = self.text.as_str();
        self.runs.iter().flat_map(move |run| {
            let (text, after) = rest.split_at(run.len);
            rest = after;
            text.split_terminator('\n').map(move |line| {
                let (line, partial) = (line.to_owned(), run.partial);
                let kind = match run.stream {
                    OutputStream::Stdout => EventKind::Stdout { line, partial },
                    OutputStream::Stderr => EventKind::Stderr { line, partial },
                };
                ExecutionEvent { execution_id: self.execution_id, timestamp: run.timestamp, kind }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_its_lines_back_one_event_each() {
        let timestamp = Utc::now();
        let run = |stream, len, lines| LineRun { stream, partial: false, len, lines, timestamp };
        let batch = LineBatch {
            execution_id: Uuid::now_v7(),
            text: "a\n\nb\nc\n".into(),
            runs: vec![run(OutputStream::Stdout, 3, 2), run(OutputStream::Stderr, 4, 2)],
        };
        let seen: Vec<String> = batch
            .events()
            .map(|event| match event.kind {
                EventKind::Stdout { line, .. } => format!("o:{line}"),
                EventKind::Stderr { line, .. } => format!("e:{line}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, ["o:a", "o:", "e:b", "e:c"]);
    }
}
