//! [`BoundedBuffer`]: what memory keeps of one stream.

use std::sync::Arc;

use crate::limits::RetainOutput;
use crate::output::decode;

/// Keeps at most `limit` bytes of what is pushed: the first, the last, or both.
///
/// Memory grows with the output: nothing is allocated ahead, and neither part ever holds more than its share.
/// The last part is a ring that overwrites its oldest bytes.
pub(crate) struct BoundedBuffer {
    /// Shared only when full, so that a push never copies it.
    head: Arc<Vec<u8>>,
    head_share: usize,
    tail: Vec<u8>,
    tail_share: usize,
    /// Where the next byte of a full ring goes: at its oldest byte.
    oldest: usize,
    total: u64,
}

impl BoundedBuffer {
    /// `limit` is exact; with `HeadTail` the first part gets the odd byte.
    pub fn new(limit: u64, retain: RetainOutput) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (head_share, tail_share) = match retain {
            RetainOutput::HeadTail => (limit.div_ceil(2), limit / 2),
            RetainOutput::Head => (limit, 0),
            RetainOutput::Tail => (0, limit),
        };
        Self { head: Arc::default(), head_share, tail: Vec::new(), tail_share, oldest: 0, total: 0 }
    }

    /// Takes the next bytes of the stream; returns those that are not in the first part.
    pub fn push<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(self.head_share - self.head.len()));
        if !first.is_empty() {
            append_within(Arc::make_mut(&mut self.head), first, self.head_share);
        }
        if !rest.is_empty() && self.tail_share > 0 {
            self.push_tail(rest);
        }
        rest
    }

    fn push_tail(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(self.tail_share)..];
        let (fill, over) = last.split_at(last.len().min(self.tail_share - self.tail.len()));
        append_within(&mut self.tail, fill, self.tail_share);
        let (to_end, from_start) = over.split_at(over.len().min(self.tail_share - self.oldest));
        self.tail[self.oldest..self.oldest + to_end.len()].copy_from_slice(to_end);
        self.tail[..from_start.len()].copy_from_slice(from_start);
        self.oldest = (self.oldest + over.len()) % self.tail_share;
    }

    /// Bytes pushed.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes kept.
    pub fn kept(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64
    }

    /// Whether anything was left out.
    pub fn is_truncated(&self) -> bool {
        self.total > self.kept()
    }

    /// The first part: with [`RetainOutput::Head`], everything up to the limit.
    pub fn head(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.head)
    }

    /// What was kept of the last `most` bytes.
    pub fn end(&self, most: usize) -> Vec<u8> {
        let (newer, older) = self.tail.split_at(self.oldest);
        // Where the first part is not followed by the last one, it is not the end.
        let head = if self.is_truncated() { &[] } else { self.head.as_slice() };
        let backwards = [newer, older, head].into_iter().flat_map(|part| part.iter().rev());
        let mut end: Vec<u8> = backwards.take(most).copied().collect();
        end.reverse();
        end
    }

    /// What was kept, byte for byte.
    pub fn bytes(&self) -> Vec<u8> {
        let (newer, older) = self.tail.split_at(self.oldest);
        [self.head.as_slice(), older, newer].concat()
    }

    /// What was kept, as text. If something is missing, `note` of the number of bytes left out stands in its
    /// place as a line of its own (an empty note adds nothing). Characters cut by the limit are left out
    /// whole.
    pub fn into_text(mut self, note: &dyn Fn(u64) -> String) -> String {
        let is_truncated = self.is_truncated();
        let mut head = Arc::unwrap_or_clone(self.head);
        if head.is_empty() && !is_truncated {
            self.tail.shrink_to_fit();
            return decode::into_lossy(self.tail);
        }
        let (mut newer, mut older) = self.tail.split_at(self.oldest);
        let mut middle = String::new();
        if is_truncated {
            head.truncate(decode::boundary(&head, head.len()));
            // Up to three bytes of a character are left out, which may be on both sides of the ring's end.
            let cut = decode::first_whole(older);
            older = &older[cut..];
            if older.is_empty() {
                newer = &newer[decode::first_whole(newer).min(3 - cut)..];
            }
            middle = note(self.total - (head.len() + older.len() + newer.len()) as u64);
        }
        if !middle.is_empty() {
            if head.last().is_some_and(|&last| last != b'\n') {
                middle.insert(0, '\n');
            }
            middle.push('\n');
        }
        // Each byte is copied once, into an allocation of exactly the needed size.
        head.reserve_exact(middle.len() + older.len() + newer.len());
        for part in [middle.as_bytes(), older, newer] {
            head.extend_from_slice(part);
        }
        head.shrink_to_fit();
        decode::into_lossy(head)
    }
}

/// Appends; capacity doubles as usual, but never exceeds `most`.
fn append_within(bytes: &mut Vec<u8>, more: &[u8], most: usize) {
    let needed = bytes.len() + more.len();
    if needed > bytes.capacity() {
        let capacity = needed.max(bytes.capacity().saturating_mul(2)).min(most);
        bytes.reserve_exact(capacity - bytes.len());
    }
    bytes.extend_from_slice(more);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [RetainOutput; 3] = [RetainOutput::HeadTail, RetainOutput::Head, RetainOutput::Tail];

    fn note(left_out: u64) -> String {
        format!("[{left_out} left out]")
    }

    fn text(limit: u64, retain: RetainOutput, chunks: &[&[u8]]) -> String {
        let mut buffer = BoundedBuffer::new(limit, retain);
        for chunk in chunks {
            buffer.push(chunk);
        }
        buffer.into_text(&note)
    }

    #[test]
    fn up_to_the_limit_nothing_is_left_out() {
        for retain in ALL {
            assert_eq!(text(7, retain, &[b"ab", b"cdef", b"g"]), "abcdefg");
            assert_eq!(text(0, retain, &[]), "");
        }
    }

    #[test]
    fn one_byte_over_the_limit_is_noted_where_it_is_missing() {
        assert_eq!(text(5, RetainOutput::HeadTail, &[b"abc", b"def"]), "abc\n[1 left out]\nef");
        assert_eq!(text(5, RetainOutput::Head, &[b"abcdef"]), "abcde\n[1 left out]\n");
        assert_eq!(text(5, RetainOutput::Tail, &[b"abcdef"]), "[1 left out]\nbcdef");
        assert_eq!(text(0, RetainOutput::HeadTail, &[b"abc"]), "[3 left out]\n");
    }

    #[test]
    fn the_note_opens_no_empty_line() {
        assert_eq!(text(4, RetainOutput::HeadTail, &[b"a\nxxxb\n"]), "a\n[3 left out]\nb\n");
    }

    #[test]
    fn an_empty_note_leaves_no_line() {
        let mut buffer = BoundedBuffer::new(2, RetainOutput::Head);
        buffer.push(b"abc");
        assert_eq!(buffer.into_text(&|_| String::new()), "ab");
    }

    #[test]
    fn characters_cut_by_the_limit_are_left_out_whole_and_counted() {
        assert_eq!(text(4, RetainOutput::HeadTail, &["€uro€".as_bytes()]), "[9 left out]\n");
        assert_eq!(text(4, RetainOutput::Head, &["a€€".as_bytes()]), "a€\n[3 left out]\n");
        assert_eq!(text(4, RetainOutput::Tail, &["€€a".as_bytes()]), "[3 left out]\n€a");
    }

    #[test]
    fn memory_stays_within_the_limit_however_much_comes() {
        for retain in ALL {
            let mut buffer = BoundedBuffer::new(1_000_001, retain);
            for _ in 0..1000 {
                buffer.push(&[b'x'; 4096]);
                assert!(buffer.head.capacity() + buffer.tail.capacity() <= 1_000_001);
            }
            assert_eq!((buffer.kept(), buffer.total()), (1_000_001, 4_096_000));
        }
    }

    #[test]
    fn a_little_output_takes_little_memory_under_a_large_limit() {
        let mut buffer = BoundedBuffer::new(1 << 28, RetainOutput::Tail);
        buffer.push(b"hello\n");
        assert!(buffer.tail.capacity() < 64);
    }

    proptest! {
        #[test]
        fn any_chunking_keeps_what_a_naive_model_keeps(
            chunks in prop::collection::vec(prop::collection::vec(0..128u8, 0..12), 0..12),
            limit in 0..40usize,
            retain in prop::sample::select(ALL.to_vec()),
        ) {
            let mut buffer = BoundedBuffer::new(limit as u64, retain);
            for chunk in &chunks {
                buffer.push(chunk);
            }
            let whole = chunks.concat();
            let over = whole.len().saturating_sub(limit);
            prop_assert_eq!(buffer.total(), whole.len() as u64);
            prop_assert_eq!(buffer.kept(), whole.len().min(limit) as u64);
            prop_assert_eq!(buffer.is_truncated(), over > 0);
            let most = whole.len() / 2;
            let kept_last = match retain {
                _ if over == 0 => whole.len(),
                RetainOutput::HeadTail => limit / 2,
                RetainOutput::Head => 0,
                RetainOutput::Tail => limit,
            };
            let mut kept = whole.clone();
            if over > 0 {
                kept.drain(limit - kept_last..whole.len() - kept_last);
            }
            prop_assert_eq!(buffer.bytes(), kept);
            prop_assert_eq!(buffer.end(most), whole[whole.len() - most.min(kept_last)..].to_vec());
            let head = match retain {
                RetainOutput::HeadTail => limit.div_ceil(2),
                RetainOutput::Head => limit,
                RetainOutput::Tail => 0,
            };
            let mut expected = whole.clone();
            if over > 0 {
                expected = whole[..head].to_vec();
                if expected.last().is_some_and(|&last| last != b'\n') {
                    expected.push(b'\n');
                }
                expected.extend(format!("[{over} left out]\n").bytes());
                expected.extend(&whole[head + over..]);
            }
            prop_assert_eq!(buffer.into_text(&note).into_bytes(), expected);
        }
    }
}
