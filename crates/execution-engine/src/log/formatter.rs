//! [`Formatter`]: turns what was read from a child into records, on the thread that writes them.
//!
//! A record has 32 bytes in addition to its payload: a read of empty lines makes thirty-two times as much
//! log. So output waits for the disk as it was read, and is formatted piece by piece right before the write.

use chrono::{DateTime, Utc};
use execution_log::ByteCounts;
use execution_log::format::{MAX_PAYLOAD, timestamp};
use memchr::memchr;

use crate::event::OutputStream;
use crate::per_stream::PerStream;

/// Records are written in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// What happened, in order: the bytes and their segments.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    runs: Vec<Run>,
}

/// Consecutive bytes of a block from one source.
#[derive(Debug)]
struct Run {
    kind: RunKind,
    len: usize,
    at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
enum RunKind {
    Output(OutputStream),
    /// Something the engine did or noticed, as JSON.
    Event,
    /// Unfinished lines become partial records.
    Flush,
}

impl Block {
    /// Memory is allocated at once if much is expected.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), runs: Vec::new() }
    }

    pub(super) fn output(&mut self, stream: OutputStream, bytes: &[u8], at: DateTime<Utc>) {
        self.push(RunKind::Output(stream), bytes, at);
    }

    pub(super) fn event(&mut self, json: &str, at: DateTime<Utc>) {
        self.push(RunKind::Event, json.as_bytes(), at);
    }

    pub(super) fn flush(&mut self, at: DateTime<Utc>) {
        self.push(RunKind::Flush, &[], at);
    }

    fn push(&mut self, kind: RunKind, bytes: &[u8], at: DateTime<Utc>) {
        self.bytes.extend_from_slice(bytes);
        self.runs.push(Run { kind, len: bytes.len(), at });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The memory it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.runs.len() * size_of::<Run>()
    }
}

/// Records ready to be written, and how many bytes of output they contain.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) bytes: Vec<u8>,
    pub(super) counts: ByteCounts,
}

/// The unfinished lines of one log.
#[derive(Debug, Default)]
pub(super) struct Formatter {
    /// Unfinished lines, per stream.
    tails: PerStream<Vec<u8>>,
    /// Times never go back within a log, whatever the clock does.
    last: DateTime<Utc>,
    /// `last` as text.
    prefix: String,
}

impl Formatter {
    /// Formats a block into `records` and passes them to `write` in pieces. `records` is empty before and
    /// after; it is only lent, so that its memory serves every log.
    pub(super) fn format(&mut self, block: &Block, records: &mut Records, mut write: impl FnMut(&Records)) {
        let mut rest = block.bytes.as_slice();
        let mut write = |records: &mut Records| {
            write(records);
            records.bytes.clear();
            records.counts = ByteCounts::default();
        };
        for run in &block.runs {
            let (bytes, later) = rest.split_at(run.len);
            rest = later;
            self.stamp(run.at);
            match run.kind {
                RunKind::Output(stream) => self.output(stream, bytes, records, &mut write),
                RunKind::Event => self.record(*b" #  ", bytes, records),
                RunKind::Flush => self.flush(records),
            }
        }
        if !records.bytes.is_empty() {
            write(records);
        }
    }

    /// Whole lines become records; the rest waits for its end, or for a flush.
    fn output(
        &mut self,
        stream: OutputStream,
        mut bytes: &[u8],
        records: &mut Records,
        write: &mut impl FnMut(&mut Records),
    ) {
        if !self.tails[stream].is_empty() {
            let end = memchr(b'\n', bytes);
            let (head, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            let mut tail = std::mem::take(&mut self.tails[stream]);
            tail.extend_from_slice(head);
            bytes = rest;
            let kept = self.lines(stream, &tail, records, write);
            tail.drain(..kept);
            self.tails[stream] = tail;
        }
        let used = self.lines(stream, bytes, records, write);
        self.tails[stream].extend_from_slice(&bytes[used..]);
    }

    /// Formats the whole lines of `bytes` and full-sized parts of an unfinished one; returns how many bytes
    /// it formatted.
    fn lines(
        &mut self,
        stream: OutputStream,
        bytes: &[u8],
        records: &mut Records,
        write: &mut impl FnMut(&mut Records),
    ) -> usize {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            match memchr(b'\n', &rest[..rest.len().min(MAX_PAYLOAD + 1)]) {
                Some(end) => {
                    self.output_record(stream, true, &rest[..end], records);
                    used += end + 1;
                }
                None if rest.len() > MAX_PAYLOAD => {
                    self.output_record(stream, false, &rest[..MAX_PAYLOAD], records);
                    used += MAX_PAYLOAD;
                }
                None => return used,
            }
            if records.bytes.len() >= PIECE {
                write(records);
            }
        }
    }

    fn flush(&mut self, records: &mut Records) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let tail = std::mem::take(&mut self.tails[stream]);
            if !tail.is_empty() {
                self.output_record(stream, false, &tail, records);
            }
        }
    }

    fn output_record(&self, stream: OutputStream, ends_line: bool, payload: &[u8], records: &mut Records) {
        let mark = match (stream, ends_line) {
            (OutputStream::Stdout, true) => *b" O  ",
            (OutputStream::Stdout, false) => *b" O+ ",
            (OutputStream::Stderr, true) => *b" E  ",
            (OutputStream::Stderr, false) => *b" E+ ",
        };
        self.record(mark, payload, records);
        records.counts.add(stream, payload.len() + usize::from(ends_line));
    }

    fn record(&self, mark: [u8; 4], payload: &[u8], records: &mut Records) {
        let bytes = &mut records.bytes;
        bytes.reserve(self.prefix.len() + mark.len() + payload.len() + 1);
        bytes.extend_from_slice(self.prefix.as_bytes());
        bytes.extend_from_slice(&mark);
        bytes.extend_from_slice(payload);
        bytes.push(b'\n');
    }

    /// Formatted once for all lines of a read.
    fn stamp(&mut self, at: DateTime<Utc>) {
        if at > self.last {
            self.last = at;
            self.prefix = timestamp(at);
        }
    }
}

/// The size of the log of this output, chunk by chunk as it would be read.
#[cfg(feature = "internals")]
pub(crate) fn formatted_bytes<'a>(chunks: impl Iterator<Item = &'a [u8]>, at: DateTime<Utc>) -> usize {
    let (mut formatter, mut records, mut bytes) = (Formatter::default(), Records::default(), 0);
    for chunk in chunks {
        let mut block = Block::with_capacity(chunk.len());
        block.output(OutputStream::Stdout, chunk, at);
        formatter.format(&block, &mut records, |records| bytes += records.bytes.len());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(block: &Block) -> (String, usize, ByteCounts) {
        let (mut text, mut longest, mut counts) = (Vec::new(), 0, ByteCounts::default());
        Formatter::default().format(block, &mut Records::default(), |records| {
            longest = longest.max(records.bytes.len());
            counts.stdout += records.counts.stdout;
            counts.stderr += records.counts.stderr;
            text.extend_from_slice(&records.bytes);
        });
        (String::from_utf8(text).unwrap(), longest, counts)
    }

    #[test]
    fn lines_cut_by_reads_and_mixed_with_the_other_stream_become_whole_records() {
        let at = "2025-10-21T10:30:05.201337Z".parse().unwrap();
        let mut block = Block::default();
        block.output(OutputStream::Stdout, b"one\ntw", at);
        block.output(OutputStream::Stderr, b"oops\n", at);
        block.event("{}", at);
        block.output(OutputStream::Stdout, b"o\nthr", at);
        block.flush(at);
        let (text, _, counts) = formatted(&block);
        let text = text.replace("2025-10-21T10:30:05.201337Z ", "");
        assert_eq!(text, "O  one\nE  oops\n#  {}\nO  two\nO+ thr\n");
        assert_eq!(counts, ByteCounts { stdout: 11, stderr: 5 });
    }

    #[test]
    fn a_read_of_empty_lines_is_written_in_pieces_and_never_held_whole() {
        let mut block = Block::default();
        block.output(OutputStream::Stdout, &vec![b'\n'; PIECE], Utc::now());
        let (text, longest, counts) = formatted(&block);
        assert_eq!(text.lines().count(), PIECE);
        assert!(longest < PIECE + 64, "{longest}");
        assert_eq!(counts.stdout, PIECE as u64);
    }

    #[test]
    fn times_never_go_back_within_a_log() {
        let (early, late) =
            ("2025-01-01T00:00:00Z".parse().unwrap(), "2025-01-02T00:00:00Z".parse().unwrap());
        let mut block = Block::default();
        block.output(OutputStream::Stdout, b"a\n", late);
        block.output(OutputStream::Stdout, b"b\n", early);
        let (text, ..) = formatted(&block);
        assert!(text.lines().all(|line| line.starts_with("2025-01-02T")), "{text}");
    }
}
