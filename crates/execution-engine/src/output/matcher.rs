//! Finds every occurrence of many patterns, overlapping ones too, at memory speed.
//!
//! Two stages. The [`Filter`] samples four bytes at fixed steps. Wherever a pattern begins, one of the
//! samples falls into its first bytes, so a sample that is not among the q-grams there proves that there is
//! none (the idea of Wu and Manber's block shift, "A fast algorithm for multi-pattern searching", 1994, with
//! fixed steps, so that no look-up waits for the last). Where a sample may belong to a pattern, the
//! Aho-Corasick automaton takes over and continues until nothing it has seen can still become a match.

use std::collections::BTreeSet;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;

/// The patterns, compiled.
pub(super) struct Matcher {
    automaton: NFA,
    start: StateID,
    /// By state: how many of the last bytes may be the beginning of a match.
    pending: Vec<u32>,
    /// Length of the shortest pattern, at least two.
    pub(super) shortest: usize,
    /// Whether a pattern contains a line break, which also matches `\r\n` in the text.
    pub(super) multi_line: bool,
    pub(super) filter: Filter,
}

impl Matcher {
    /// `None` when there is no pattern. No pattern may begin or end with `\r` or `\n`, or be of one byte.
    pub(super) fn new(patterns: &BTreeSet<Vec<u8>>) -> Option<Self> {
        let shortest = patterns.iter().map(Vec::len).min()?;
        debug_assert!(shortest >= 2);
        let automaton = NFA::builder()
            .prefilter(false)
            .build(patterns)
            .expect("fails only above 2^31 states, that is gigabytes of secrets");
        let start = automaton.start_state(Anchored::No).expect("built to search anywhere");
        let pending = pending_table(&automaton, start, patterns);
        let multi_line = patterns.iter().any(|pattern| pattern.contains(&b'\n'));
        Some(Self {
            filter: Filter::new(patterns, shortest),
            automaton,
            start,
            pending,
            shortest,
            multi_line,
        })
    }

    /// The state before any byte.
    pub(super) fn start(&self) -> StateID {
        self.start
    }

    /// The state after one more byte.
    #[inline]
    pub(super) fn next(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte)
    }

    /// Length of the longest pattern that ends here.
    #[inline]
    pub(super) fn matched(&self, state: StateID) -> Option<usize> {
        if !self.automaton.is_match(state) {
            return None;
        }
        let ending = 0..self.automaton.match_len(state);
        ending.map(|i| self.automaton.pattern_len(self.automaton.match_pattern(state, i))).max()
    }

    /// How many of the last bytes may be the beginning of a match.
    #[inline]
    pub(super) fn pending(&self, state: StateID) -> usize {
        self.pending[state.as_usize()] as usize
    }
}

/// A state is a prefix of a pattern, so that prefix may still become a match. If the prefix is a whole
/// pattern that no other continues, the longest suffix that is a prefix may.
fn pending_table(automaton: &NFA, start: StateID, patterns: &BTreeSet<Vec<u8>>) -> Vec<u32> {
    const UNKNOWN: u32 = u32::MAX;
    let step = |state: StateID, byte: &u8| automaton.next_state(Anchored::No, state, *byte);
    let mut table = vec![];
    let mut whole: Vec<(&Vec<u8>, StateID)> = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let mut state = start;
        for (byte, length) in pattern.iter().zip(0..) {
            let at = state.as_usize();
            if at >= table.len() {
                table.resize(at + 1, UNKNOWN);
            }
            table[at] = length;
            state = step(state, byte);
        }
        whole.push((pattern, state));
    }
    let states = whole.iter().map(|(_, state)| state.as_usize() + 1).max().unwrap_or(0);
    table.resize(table.len().max(states), UNKNOWN);
    whole.sort_by_key(|(pattern, _)| pattern.len());
    for (pattern, state) in whole {
        if table[state.as_usize()] == UNKNOWN {
            // Its suffix is shorter: an inner state, or a pattern handled before.
            let suffix = pattern[1..].iter().fold(start, step);
            table[state.as_usize()] = table[suffix.as_usize()];
        }
    }
    table
}

/// Knows where no pattern can begin.
pub(super) struct Filter {
    /// One bit for each hash value some q-gram has.
    bits: Vec<u64>,
    hash_shift: u32,
    /// Which of four bytes are the q-gram.
    mask: u32,
    /// Distance of the samples: this many positions for a q-gram fit into the first bytes of a pattern.
    pub(super) stride: usize,
}

impl Filter {
    fn new(patterns: &BTreeSet<Vec<u8>>, shortest: usize) -> Self {
        // Longer steps would save little, and put more q-grams into the table.
        let window = shortest.min(11);
        let q = match window {
            ..4 => 2,
            4..7 => 3,
            _ => 4,
        };
        let stride = window - q + 1;
        let mask = u32::MAX >> (8 * (4 - q));
        let mut grams = BTreeSet::new();
        for pattern in patterns {
            for start in raw_starts(pattern, window) {
                grams.extend(
                    start.windows(q).map(|gram| {
                        gram.iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte))
                    }),
                );
            }
        }
        // At 64 bits per q-gram, one sample in 64 is a false alarm; more than 64 KiB would not fit the cache.
        let bits = (grams.len() * 64).next_power_of_two().clamp(1 << 12, 1 << 19);
        let mut filter =
            Self { bits: vec![0; bits / 64], hash_shift: 32 - bits.trailing_zeros(), mask, stride };
        for gram in grams {
            let hash = filter.hash(gram);
            filter.bits[hash / 64] |= 1 << (hash % 64);
        }
        filter
    }

    #[inline]
    fn hash(&self, gram: u32) -> usize {
        ((gram & self.mask).wrapping_mul(0x9E37_79B1) >> self.hash_shift) as usize
    }

    /// Samples `text` from `at` on. `Ok`: the first sample that may lie in the first bytes of a pattern.
    /// `Err`: the first position that could not be sampled, because the text ends.
    #[inline]
    pub(super) fn sample(&self, text: &[u8], mut at: usize) -> Result<usize, usize> {
        while let Some(gram) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let hash = self.hash(u32::from_le_bytes(*gram));
            if self.bits[hash / 64] & 1 << (hash % 64) != 0 {
                return Ok(at);
            }
            at += self.stride;
        }
        Err(at)
    }
}

/// The first `window` bytes a match of `pattern` may have: each `\n` stands for `\r\n` as well.
fn raw_starts(pattern: &[u8], window: usize) -> BTreeSet<Vec<u8>> {
    let mut starts = BTreeSet::from([Vec::new()]);
    for &byte in &pattern[..window] {
        let grown = |mut start: Vec<u8>, bytes: &[u8]| {
            start.extend_from_slice(bytes);
            start.truncate(window);
            start
        };
        starts = starts
            .into_iter()
            .flat_map(|start| {
                let windows = (byte == b'\n').then(|| grown(start.clone(), b"\r\n"));
                [grown(start, &[byte])].into_iter().chain(windows)
            })
            .collect();
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(patterns: &[&str]) -> Matcher {
        Matcher::new(&patterns.iter().map(|pattern| pattern.as_bytes().to_vec()).collect()).unwrap()
    }

    fn after(matcher: &Matcher, text: &str) -> StateID {
        text.bytes().fold(matcher.start(), |state, byte| matcher.next(state, byte))
    }

    #[test]
    fn without_patterns_there_is_no_matcher() {
        assert!(Matcher::new(&BTreeSet::new()).is_none());
    }

    #[test]
    fn only_a_possible_match_is_pending() {
        let matcher = matcher(&["secret", "secrets!", "retry", "xet"]);
        for (text, pending) in
            [("", 0), ("secre", 5), ("secret", 6), ("secrets!", 0), ("zxet", 0), ("secrex", 1)]
        {
            assert_eq!(matcher.pending(after(&matcher, text)), pending, "{text}");
        }
        let matcher = self::matcher(&["secret", "retry"]);
        assert_eq!(matcher.pending(after(&matcher, "secret")), 3, "`ret` may become `retry`");
    }

    #[test]
    fn the_longest_pattern_ending_somewhere_is_the_match() {
        let matcher = matcher(&["cret", "secret", "et"]);
        assert_eq!(matcher.matched(after(&matcher, "secret")), Some(6));
        assert_eq!(matcher.matched(after(&matcher, "xret")), Some(2));
        assert_eq!(matcher.matched(after(&matcher, "secre")), None);
    }

    #[test]
    fn a_sample_falls_into_every_pattern_wherever_it_begins() {
        for pattern in ["ab", "abc", "abcd", "abcdef", "abcdefgh", "abcdefghijklmnop", "a\nb\n\ncdefgh"] {
            let filter = matcher(&[pattern]).filter;
            for at in 0..32 {
                for raw in [pattern.to_owned(), pattern.replace('\n', "\r\n")] {
                    let text = format!("{}{raw}    ", "-".repeat(at));
                    let hit = filter.sample(text.as_bytes(), filter.stride - 1);
                    assert!(hit.is_ok_and(|hit| (at..at + filter.stride).contains(&hit)), "{text:?} {hit:?}");
                }
            }
        }
    }
}
