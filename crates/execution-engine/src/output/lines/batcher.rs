//! [`LineBatcher`].

use std::cell::Cell;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{LineBatch, LineRun, OutputStream};
use crate::output::decode;
use crate::per_stream::PerStream;

/// A longer line, in bytes and without its end, is delivered in parts of at most this size.
pub(super) const MAX_LINE_PART: usize = 1024 * 1024;

/// A larger tail's memory is freed after its line.
const TAIL_TO_KEEP: usize = 16 * 1024;

/// The most capacity that a new batch gets at once because the last one needed it.
const BATCH_TO_EXPECT: usize = 256 * 1024;

thread_local! {
    /// Spare buffers of a batch. One per thread, not per execution: what is read is handed over immediately,
    /// so however many executions write, they go through the same few cache lines.
    static SPARE: Cell<Option<(String, Vec<LineRun>)>> = const { Cell::new(None) };
}

/// Batches the lines of one execution.
pub(crate) struct LineBatcher {
    max_part: usize,
    open: LineBatch,
    /// Length of the batch taken last.
    last_len: usize,
    /// The unfinished last line.
    pub(super) tails: PerStream<Vec<u8>>,
}

impl LineBatcher {
    /// Starts with an empty batch.
    pub fn new(id: Uuid) -> Self {
        Self::with_max_part(id, MAX_LINE_PART)
    }

    pub(super) fn with_max_part(id: Uuid, max_part: usize) -> Self {
        Self {
            max_part,
            open: LineBatch { execution_id: id, text: String::new(), runs: Vec::new() },
            last_len: 0,
            tails: PerStream::default(),
        }
    }

    /// Takes the next bytes of a stream, read at this time. Complete lines join the open batch.
    pub fn push(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            return self.extend_tail(stream, bytes, at);
        };
        let (mut lines, tail) = bytes.split_at(last + 1);
        if !self.tails[stream].is_empty()
            && let Some(first) = memchr::memchr(b'\n', lines)
        {
            let (end, rest) = lines.split_at(first + 1);
            let mut line = std::mem::take(&mut self.tails[stream]);
            self.append(&mut line, end);
            self.push_lines(stream, &line, at);
            line.clear();
            if line.capacity() <= TAIL_TO_KEEP {
                self.tails[stream] = line;
            }
            lines = rest;
        }
        self.push_lines(stream, lines, at);
        self.extend_tail(stream, tail, at);
    }

    /// The stream has ended: what it wrote after its last `\n` is a line.
    pub fn finish(&mut self, stream: OutputStream, at: DateTime<Utc>) {
        let tail = std::mem::take(&mut self.tails[stream]);
        if !tail.is_empty() {
            let rest = self.push_parts(stream, &tail, 0, at);
            self.push_line(stream, rest, false, at);
        }
    }

    /// Bytes of text in the open batch.
    pub fn len(&self) -> usize {
        self.open.text.len()
    }

    /// Whether the open batch has no line.
    pub fn is_empty(&self) -> bool {
        self.open.text.is_empty()
    }

    /// Takes the open batch, if it has a line, and starts the next.
    pub fn take(&mut self) -> Option<LineBatch> {
        if self.is_empty() {
            return None;
        }
        self.last_len = self.open.text.len();
        let next = LineBatch { text: String::new(), runs: Vec::new(), ..self.open };
        Some(std::mem::replace(&mut self.open, next))
    }

    /// Offers the open batch to `take`, which returns whether it took it. The memory left in it serves the
    /// next batch of this thread.
    pub fn offer(&mut self, take: impl FnOnce(&mut LineBatch) -> bool) {
        let len = self.len();
        if !take(&mut self.open) {
            return;
        }
        self.last_len = len;
        let next = LineBatch { text: String::new(), runs: Vec::new(), ..self.open };
        Self::recycle(std::mem::replace(&mut self.open, next));
    }

    /// Reuses the memory of a delivered batch.
    pub fn recycle(LineBatch { mut text, mut runs, .. }: LineBatch) {
        if text.capacity() <= BATCH_TO_EXPECT {
            text.clear();
            runs.clear();
            SPARE.set(Some((text, runs)));
        }
    }

    fn extend_tail(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        if bytes.is_empty() {
            return;
        }
        let mut tail = std::mem::take(&mut self.tails[stream]);
        self.append(&mut tail, bytes);
        // A final `\r` may turn out to be part of the line end.
        let undecided = tail.len() - without_cr(&tail).len();
        if tail.len() - undecided > self.max_part {
            let given_out = tail.len() - self.push_parts(stream, &tail, undecided, at).len();
            tail.drain(..given_out);
        }
        self.tails[stream] = tail;
    }

    /// Capacity doubles as usual, but not past what a part needs.
    fn append(&self, tail: &mut Vec<u8>, bytes: &[u8]) {
        let needed = tail.len() + bytes.len();
        if needed > tail.capacity() {
            let capacity = (tail.capacity() * 2).min(self.max_part + bytes.len()).max(needed);
            tail.reserve_exact(capacity - tail.len());
        }
        tail.extend_from_slice(bytes);
    }

    /// Lines that all end in `\n`.
    fn push_lines(&mut self, stream: OutputStream, lines: &[u8], at: DateTime<Utc>) {
        if lines.len() > self.max_part {
            return self.push_long_lines(stream, lines, at);
        }
        if lines.is_empty() {
            return;
        }
        self.expect(lines.len());
        let (before, mut rest) = (self.open.text.len(), lines);
        if let Some(cr) = memchr::memchr(b'\r', lines) {
            // Cuts between `\r` and `\n`, so that no piece ends inside a character.
            let mut from = 0;
            for cr in
                std::iter::once(cr).chain(memchr::memchr_iter(b'\r', &lines[cr + 1..]).map(|i| cr + 1 + i))
            {
                if lines[cr + 1] == b'\n' {
                    decode::push_lossy(&mut self.open.text, &lines[from..cr]);
                    from = cr + 1;
                }
            }
            rest = &lines[from..];
        }
        decode::push_lossy(&mut self.open.text, rest);
        let count = memchr::memchr_iter(b'\n', lines).count();
        self.push_run(stream, false, self.open.text.len() - before, count, at);
    }

    /// Lines that all end in `\n`, any of which may need parts.
    #[cold]
    fn push_long_lines(&mut self, stream: OutputStream, lines: &[u8], at: DateTime<Utc>) {
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            if line.len() <= self.max_part {
                self.push_lines(stream, line, at);
            } else {
                let rest = self.push_parts(stream, without_cr(&line[..line.len() - 1]), 0, at);
                self.push_line(stream, rest, false, at);
            }
        }
    }

    /// Emits parts of a line until the rest, except for its last `undecided` bytes, fits into one part, and
    /// returns the rest.
    fn push_parts<'a>(
        &mut self,
        stream: OutputStream,
        mut line: &'a [u8],
        undecided: usize,
        at: DateTime<Utc>,
    ) -> &'a [u8] {
        while line.len() - undecided > self.max_part {
            let (part, rest) = line.split_at(decode::boundary(line, self.max_part));
            self.push_line(stream, part, true, at);
            line = rest;
        }
        line
    }

    fn push_line(&mut self, stream: OutputStream, line: &[u8], partial: bool, at: DateTime<Utc>) {
        self.expect(line.len() + 1);
        let before = self.open.text.len();
        decode::push_lossy(&mut self.open.text, line);
        self.open.text.push('\n');
        self.push_run(stream, partial, self.open.text.len() - before, 1, at);
    }

    fn push_run(
        &mut self,
        stream: OutputStream,
        partial: bool,
        len: usize,
        lines: usize,
        timestamp: DateTime<Utc>,
    ) {
        match self.open.runs.last_mut() {
            // Every part of a long line is a run of its own.
            Some(run) if run.stream == stream && run.timestamp == timestamp && !run.partial && !partial => {
                run.len += len;
                run.lines += lines;
            }
            _ => self.open.runs.push(LineRun { stream, partial, len, lines, timestamp }),
        }
    }

    /// Reserves memory for `more` bytes; a new batch probably grows as long as the last one.
    fn expect(&mut self, more: usize) {
        if self.open.text.capacity() == 0 {
            if let Some(spare) = SPARE.take() {
                (self.open.text, self.open.runs) = spare;
            }
            self.open.text.reserve(more.max(self.last_len.min(BATCH_TO_EXPECT)));
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
