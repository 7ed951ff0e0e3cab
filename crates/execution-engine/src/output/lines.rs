//! [`LineBatcher`]: bytes of two streams in, batches of whole lines of text out.
//!
//! `\n` ends a line and a `\r` right before it goes with it; nothing else does. What stands after the
//! last `\n` waits as the stream's tail. A line of over [`MAX_LINE_PART`] bytes comes in parts, so
//! that a tail has a bound.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{LineBatch, LineRun, OutputStream};
use crate::output::decode;

/// A line longer than this, in bytes and without its end, is delivered in parts of at most this.
pub(crate) const MAX_LINE_PART: usize = 1024 * 1024;

/// A tail's memory is given back after a line that needed more than this.
const TAIL_TO_KEEP: usize = 16 * 1024;

/// Room a new batch may get at once because the last one needed it.
const BATCH_TO_EXPECT: usize = 256 * 1024;

thread_local! {
    /// Room for a batch: of the thread and not of the execution, for what is read is handed over at once, and then goes
    /// through the same few lines of the processor's cache, however many write.
    static ROOM: Cell<Option<(String, Vec<LineRun>)>> = const { Cell::new(None) };
}

/// Gathers the lines of one execution.
pub(crate) struct LineBatcher {
    max_part: usize,
    open: LineBatch,
    /// Length of the batch taken last.
    last_len: usize,
    /// Of the standard output and the standard error: the line that has not ended yet.
    tails: [Vec<u8>; 2],
}

impl LineBatcher {
    /// Nothing gathered yet.
    pub fn new(id: Uuid) -> Self {
        Self::with_max_part(id, MAX_LINE_PART)
    }

    fn with_max_part(id: Uuid, max_part: usize) -> Self {
        Self {
            max_part,
            open: LineBatch { execution_id: id, text: String::new(), runs: Vec::new() },
            last_len: 0,
            tails: [Vec::new(), Vec::new()],
        }
    }

    /// Takes the next bytes of a stream, read at this time. Lines that are complete join the open batch.
    pub fn push(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            return self.extend_tail(stream, bytes, at);
        };
        let (mut lines, tail) = bytes.split_at(last + 1);
        if !self.tails[index(stream)].is_empty()
            && let Some(first) = memchr::memchr(b'\n', lines)
        {
            let (end, rest) = lines.split_at(first + 1);
            let mut line = std::mem::take(&mut self.tails[index(stream)]);
            self.append(&mut line, end);
            self.push_lines(stream, &line, at);
            line.clear();
            if line.capacity() <= TAIL_TO_KEEP {
                self.tails[index(stream)] = line;
            }
            lines = rest;
        }
        self.push_lines(stream, lines, at);
        self.extend_tail(stream, tail, at);
    }

    /// The stream has ended: what it wrote after its last `\n` is a line.
    pub fn finish(&mut self, stream: OutputStream, at: DateTime<Utc>) {
        let tail = std::mem::take(&mut self.tails[index(stream)]);
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

    /// The open batch, if it has a line; the next begins.
    pub fn take(&mut self) -> Option<LineBatch> {
        if self.is_empty() {
            return None;
        }
        self.last_len = self.open.text.len();
        let next = LineBatch { text: String::new(), runs: Vec::new(), ..self.open };
        Some(std::mem::replace(&mut self.open, next))
    }

    /// Offers the open batch to somebody who says whether it was taken. What memory is left in it then is kept for
    /// whoever comes next.
    pub fn offer(&mut self, take: impl FnOnce(&mut LineBatch) -> bool) {
        let len = self.len();
        if !take(&mut self.open) {
            return;
        }
        self.last_len = len;
        let next = LineBatch { text: String::new(), runs: Vec::new(), ..self.open };
        Self::keep_room(std::mem::replace(&mut self.open, next));
    }

    /// Keeps the memory of a batch that is done with.
    pub fn keep_room(LineBatch { mut text, mut runs, .. }: LineBatch) {
        if text.capacity() <= BATCH_TO_EXPECT {
            text.clear();
            runs.clear();
            ROOM.set(Some((text, runs)));
        }
    }

    fn extend_tail(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        if bytes.is_empty() {
            return;
        }
        let mut tail = std::mem::take(&mut self.tails[index(stream)]);
        self.append(&mut tail, bytes);
        // A `\r` at the end may yet turn out to belong to the line's end.
        let undecided = tail.len() - without_cr(&tail).len();
        if tail.len() - undecided > self.max_part {
            let given_out = tail.len() - self.push_parts(stream, &tail, undecided, at).len();
            tail.drain(..given_out);
        }
        self.tails[index(stream)] = tail;
    }

    /// Capacity doubles as usual, but not past what a part needs.
    fn append(&self, tail: &mut Vec<u8>, bytes: &[u8]) {
        let needed = tail.len() + bytes.len();
        if needed > tail.capacity() {
            let capacity = (tail.capacity() * 2).min(self.max_part + bytes.len() + 1).max(needed);
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

    /// Gives out parts of a line until what is left, but for its last `undecided` bytes, fits into
    /// one, and returns what is left.
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

    /// Makes room for `more` bytes; a new batch likely grows as long as the last one.
    fn expect(&mut self, more: usize) {
        if self.open.text.capacity() == 0 {
            if let Some(room) = ROOM.take() {
                (self.open.text, self.open.runs) = room;
            }
            self.open.text.reserve(more.max(self.last_len.min(BATCH_TO_EXPECT)));
        }
    }
}

fn index(stream: OutputStream) -> usize {
    match stream {
        OutputStream::Stdout => 0,
        OutputStream::Stderr => 1,
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use OutputStream::{Stderr, Stdout};
    use proptest::prelude::*;

    use super::*;

    /// The lines of a batch, as (stream, text, partial).
    fn lines(batch: Option<LineBatch>) -> Vec<(OutputStream, String, bool)> {
        let Some(batch) = batch else { return Vec::new() };
        assert_eq!(batch.runs.iter().map(|run| run.len).sum::<usize>(), batch.text.len());
        let mut rest = batch.text.as_str();
        let mut lines = Vec::new();
        for run in &batch.runs {
            let (text, after) = rest.split_at(run.len);
            rest = after;
            assert!(text.ends_with('\n'));
            assert_eq!(text.matches('\n').count(), run.lines);
            assert!(!run.partial || run.lines == 1);
            lines.extend(text.split_terminator('\n').map(|line| (run.stream, line.to_owned(), run.partial)));
        }
        lines
    }

    /// The lines of the standard output that came in these chunks.
    fn of(chunks: &[&[u8]]) -> Vec<String> {
        let mut batcher = LineBatcher::new(Uuid::nil());
        for chunk in chunks {
            batcher.push(Stdout, chunk, Utc::now());
        }
        batcher.finish(Stdout, Utc::now());
        lines(batcher.take()).into_iter().map(|(_, line, _)| line).collect()
    }

    #[test]
    fn a_line_feed_ends_a_line_and_a_last_line_needs_none() {
        assert_eq!(of(&[b"a\n\nb\nc"]), ["a", "", "b", "c"]);
        assert_eq!(of(&[b"a\n"]), ["a"]);
        assert_eq!(of(&[b"\n"]), [""]);
        assert!(of(&[b""]).is_empty());
    }

    #[test]
    fn a_carriage_return_goes_only_with_the_line_feed_after_it() {
        assert_eq!(of(&[b"a\r\nb\r\r\n\r\n"]), ["a", "b\r", ""]);
        assert_eq!(of(&[b"a\r", b"\nb"]), ["a", "b"]);
        assert_eq!(of(&[b"a\r", b"b\n"]), ["a\rb"]);
        assert_eq!(of(&[b"10 %\r20 %\r100 %\n"]), ["10 %\r20 %\r100 %"]);
        assert_eq!(of(&[b"a\r"]), ["a\r"]);
    }

    #[test]
    fn a_character_cut_by_a_read_arrives_whole() {
        assert_eq!(of(&[b"\xE2", b"\x82", b"\xAC\n"]), ["€"]);
        assert_eq!(of(&[b"ab\n\xE2\x82", b"\xAC\r", b"\n"]), ["ab", "€"]);
    }

    #[test]
    fn invalid_utf8_becomes_a_replacement_character_and_nul_stays() {
        assert_eq!(of(&[b"a\xFFb\0\n\xE2\x82\r\n\xE2\x82"]), ["a\u{FFFD}b\0", "\u{FFFD}", "\u{FFFD}"]);
    }

    #[test]
    fn a_line_without_its_end_waits() {
        let mut batcher = LineBatcher::new(Uuid::nil());
        batcher.push(Stdout, b"Password: ", Utc::now());
        assert!(batcher.is_empty() && batcher.take().is_none());
    }

    #[test]
    fn the_streams_keep_apart_and_in_order() {
        let mut batcher = LineBatcher::new(Uuid::nil());
        let at = Utc::now();
        batcher.push(Stdout, b"one\nou", at);
        batcher.push(Stderr, b"warning\ner", at);
        batcher.push(Stdout, b"t\ntwo\n", at);
        batcher.finish(Stderr, at);
        let batch = batcher.take().unwrap();
        assert_eq!(batch.text, "one\nwarning\nout\ntwo\ner\n");
        let runs: Vec<_> = batch.runs.iter().map(|run| (run.stream, run.lines)).collect();
        assert_eq!(runs, [(Stdout, 1), (Stderr, 1), (Stdout, 2), (Stderr, 1)]);
    }

    #[test]
    fn runs_merge_only_within_one_read() {
        let mut batcher = LineBatcher::new(Uuid::nil());
        let at = Utc::now();
        let later = at + chrono::TimeDelta::milliseconds(1);
        for at in [at, at, later] {
            batcher.push(Stdout, b"x\n", at);
        }
        let runs: Vec<_> =
            batcher.take().unwrap().runs.iter().map(|run| (run.lines, run.timestamp)).collect();
        assert_eq!(runs, [(2, at), (1, later)]);
    }

    #[test]
    fn a_line_of_exactly_one_part_is_not_marked_even_with_a_carriage_return() {
        let line = "x".repeat(MAX_LINE_PART);
        for end in [&b"\n"[..], b"\r\n", b""] {
            let mut batcher = LineBatcher::new(Uuid::nil());
            batcher.push(Stdout, line.as_bytes(), Utc::now());
            for &byte in end {
                batcher.push(Stdout, &[byte], Utc::now());
            }
            batcher.finish(Stdout, Utc::now());
            assert_eq!(lines(batcher.take()), [(Stdout, line.clone(), false)]);
        }
    }

    #[test]
    fn an_endless_line_takes_bounded_memory_and_gives_it_back() {
        let mut batcher = LineBatcher::new(Uuid::nil());
        let (chunk, at) = (vec![b'x'; 64 * 1024], Utc::now());
        let mut parts = 0;
        for _ in 0..100 {
            batcher.push(Stdout, &chunk, at);
            assert!(batcher.tails[0].capacity() <= MAX_LINE_PART + chunk.len() + 1);
            parts += lines(batcher.take()).iter().filter(|line| line.2).count();
        }
        assert_eq!(parts, 6);
        batcher.push(Stdout, b"end\n", at);
        assert_eq!(batcher.tails[0].capacity(), 0);
        assert_eq!(lines(batcher.take()).last().map(|line| line.2), Some(false));
    }

    /// What the lines of a whole stream are, from all of it at once.
    fn model(whole: &[u8], max_part: usize) -> Vec<(String, bool)> {
        let mut expected = Vec::new();
        for line in whole.split_inclusive(|&byte| byte == b'\n') {
            let mut rest =
                line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
            let whole_line = String::from_utf8_lossy(rest).into_owned();
            let mut parts = String::new();
            while rest.len() > max_part {
                // An unfinished character at the end of the part goes to the next one.
                let last = rest[..max_part].utf8_chunks().last().unwrap().invalid();
                let unfinished = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
                let (part, after) = rest.split_at(max_part - if unfinished { last.len() } else { 0 });
                parts += &String::from_utf8_lossy(part);
                expected.push((String::from_utf8_lossy(part).into_owned(), true));
                rest = after;
            }
            parts += &String::from_utf8_lossy(rest);
            assert_eq!(parts, whole_line);
            expected.push((String::from_utf8_lossy(rest).into_owned(), false));
        }
        expected
    }

    fn chunk() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec!["\n", "\r\n", "\r", "a", "bcd", "é", "€", "\u{1F600}", "\0"])
                .prop_map(|text| text.as_bytes().to_vec()),
            1 => prop::sample::select(vec![0x80, 0xBF, 0xC3, 0xE2, 0x82, 0xF0, 0x9F, 0xFF]).prop_map(|byte| vec![byte]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn any_chunking_gives_the_lines_of_the_whole(
            chunks in prop::collection::vec((any::<bool>(), chunk()), 0..10),
            max_part in 4..12usize,
            take_each in any::<bool>(),
        ) {
            let mut batcher = LineBatcher::with_max_part(Uuid::nil(), max_part);
            let (mut seen, mut whole) = (Vec::new(), [Vec::new(), Vec::new()]);
            for (err, bytes) in &chunks {
                let stream = if *err { Stderr } else { Stdout };
                whole[index(stream)].extend_from_slice(bytes);
                batcher.push(stream, bytes, DateTime::UNIX_EPOCH);
                let bound = max_part + 1;
                prop_assert!(batcher.tails[index(stream)].len() <= bound);
                if take_each {
                    seen.extend(lines(batcher.take()));
                }
            }
            for stream in [Stderr, Stdout] {
                batcher.finish(stream, DateTime::UNIX_EPOCH);
            }
            seen.extend(lines(batcher.take()));
            for stream in [Stdout, Stderr] {
                let of_stream: Vec<_> = seen.iter().filter(|line| line.0 == stream).map(|line| (line.1.clone(), line.2)).collect();
                prop_assert_eq!(of_stream, model(&whole[index(stream)], max_part));
            }
        }
    }
}
