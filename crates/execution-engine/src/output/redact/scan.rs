//! [`Scan`]: finds the occurrences in one stream and writes what may be shown of it.

use std::sync::Arc;

use aho_corasick::automaton::StateID;

use crate::output::matcher::Matcher;

pub(super) const MASK: &[u8] = b"***";

/// Offsets count from the first byte that was not emitted yet: first `held`, then the chunk.
pub(super) struct Scan {
    matcher: Arc<Matcher>,
    state: StateID,
    /// How many of the last bytes the automaton saw may begin an occurrence.
    pending: usize,
    /// The last byte is a `\r` that the automaton has not seen: before `\n` it is skipped.
    undecided_cr: bool,
    /// Offsets of skipped `\r`, ascending.
    skipped_crs: Vec<usize>,
    /// Occurrences, ascending, neither overlapping nor touching each other.
    spans: Vec<(usize, usize)>,
    /// Up to here, `***` already stands for the bytes.
    masked_to: Option<usize>,
    pub(super) held: Vec<u8>,
    out: Vec<u8>,
}

impl Scan {
    pub(super) fn new(matcher: &Arc<Matcher>) -> Self {
        Self {
            state: matcher.start(),
            pending: 0,
            matcher: Arc::clone(matcher),
            undecided_cr: false,
            skipped_crs: Vec::new(),
            spans: Vec::new(),
            masked_to: None,
            held: Vec::new(),
            out: Vec::new(),
        }
    }

    pub(super) fn push<'a>(&'a mut self, chunk: &'a [u8]) -> &'a [u8] {
        let offset = self.held.len();
        self.scan(chunk, offset);
        let end = offset + chunk.len();
        let free = self.undecided_from(end);
        // A mask that goes on covers bytes that are held back: without any, there is none.
        if offset == 0 && self.spans.is_empty() {
            self.held.extend_from_slice(&chunk[free..]);
            self.rebase(free);
            return &chunk[..free];
        }
        self.emit(chunk, free);
        if free >= offset {
            self.held.clear();
            self.held.extend_from_slice(&chunk[free - offset..]);
        } else {
            self.held.drain(..free);
            self.held.extend_from_slice(chunk);
        }
        self.rebase(free);
        &self.out
    }

    pub(super) fn finish(&mut self) -> &[u8] {
        self.emit(&[], self.held.len());
        self.held.clear();
        self.spans.clear();
        self.masked_to = None;
        self.restart();
        &self.out
    }

    fn restart(&mut self) {
        self.state = self.matcher.start();
        self.pending = 0;
        self.undecided_cr = false;
        self.skipped_crs.clear();
    }

    /// Finds the occurrences that end in `chunk`, whose first byte has this offset.
    fn scan(&mut self, chunk: &[u8], offset: usize) {
        let matcher = Arc::clone(&self.matcher);
        let stride = matcher.filter.stride;
        let mut at = 0;
        // Whatever began before this position must be decided before the filter takes over.
        let mut decide = 0;
        loop {
            // With more than a pattern's length pending, starting over would find matches again. On text that
            // almost is a long secret, that would take quadratic time.
            while self.pending >= matcher.shortest || self.undecided_from(offset + at) < offset + decide {
                let Some(&byte) = chunk.get(at) else { return };
                self.step(&matcher, byte, offset + at);
                at += 1;
            }
            let undecided = self.undecided_from(offset + at) - offset;
            self.restart();
            (at, decide) = match matcher.filter.sample(chunk, undecided + stride - 1) {
                Ok(sample) => (sample + 1 - stride, sample + 1),
                Err(sample) => (sample + 1 - stride, usize::MAX - offset),
            };
        }
    }

    #[inline]
    fn step(&mut self, matcher: &Matcher, byte: u8, at: usize) {
        if matcher.multi_line {
            if std::mem::take(&mut self.undecided_cr) {
                if byte == b'\n' {
                    self.skipped_crs.push(at - 1);
                } else {
                    self.advance(matcher, b'\r', at - 1);
                }
            }
            if byte == b'\r' {
                self.undecided_cr = true;
                return;
            }
        }
        self.advance(matcher, byte, at);
    }

    #[inline]
    fn advance(&mut self, matcher: &Matcher, byte: u8, at: usize) {
        self.state = matcher.next(self.state, byte);
        self.pending = matcher.pending(self.state);
        if let Some(length) = matcher.matched(self.state) {
            let mut span = (self.start_of(at + 1, length), at + 1);
            while let Some(last) = self.spans.pop_if(|last| last.1 >= span.0) {
                span.0 = span.0.min(last.0);
            }
            self.spans.push(span);
        }
        if self.pending == 0 {
            self.skipped_crs.clear();
        }
    }

    /// Where the last `length` bytes the automaton saw begin, given where they end.
    fn start_of(&self, end: usize, length: usize) -> usize {
        let mut start = end - length;
        for &cr in self.skipped_crs.iter().rev() {
            if cr < start {
                break;
            }
            start -= 1;
        }
        start
    }

    /// Everything before this position is decided: no later occurrence reaches into it.
    #[inline]
    fn undecided_from(&self, end: usize) -> usize {
        if self.pending == 0 {
            return end;
        }
        self.start_of(end - usize::from(self.undecided_cr), self.pending)
    }

    /// Writes `held` and `chunk` up to `free`, masked, to `out`.
    fn emit(&mut self, chunk: &[u8], free: usize) {
        self.out.clear();
        let mut at = self.masked_to.unwrap_or(0).min(free);
        let begun = self.spans.partition_point(|span| span.0 < free);
        for (start, end) in self.spans.drain(..begun) {
            if self.masked_to.is_none_or(|to| to < start) {
                copy(&mut self.out, &self.held, chunk, at, start);
                self.out.extend_from_slice(MASK);
            }
            self.masked_to = self.masked_to.max(Some(end));
            at = end.min(free).max(at);
        }
        copy(&mut self.out, &self.held, chunk, at, free);
    }

    /// The first `given_out` bytes are gone: offsets count from the next.
    fn rebase(&mut self, given_out: usize) {
        self.masked_to = self.masked_to.and_then(|to| to.checked_sub(given_out));
        for (start, end) in &mut self.spans {
            *start -= given_out;
            *end -= given_out;
        }
        self.skipped_crs.retain_mut(|cr| {
            let kept = *cr >= given_out;
            *cr = cr.wrapping_sub(given_out);
            kept
        });
    }
}

/// Appends the bytes `from..to` of the two slices, taken as one.
fn copy(out: &mut Vec<u8>, first: &[u8], second: &[u8], from: usize, to: usize) {
    let split = first.len();
    out.extend_from_slice(&first[from.min(split)..to.min(split)]);
    out.extend_from_slice(&second[from.max(split) - split..to.max(split) - split]);
}
