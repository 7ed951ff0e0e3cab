use OutputStream::{Stderr, Stdout};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::batcher::{LineBatcher, MAX_LINE_PART};
use crate::event::{LineBatch, OutputStream};
use crate::per_stream::PerStream;

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
    let runs: Vec<_> = batcher.take().unwrap().runs.iter().map(|run| (run.lines, run.timestamp)).collect();
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
        assert!(batcher.tails.stdout.capacity() <= MAX_LINE_PART + chunk.len() + 1);
        parts += lines(batcher.take()).iter().filter(|line| line.2).count();
    }
    assert_eq!(parts, 6);
    batcher.push(Stdout, b"end\n", at);
    assert_eq!(batcher.tails.stdout.capacity(), 0);
    assert_eq!(lines(batcher.take()).last().map(|line| line.2), Some(false));
}

#[test]
fn a_growing_line_is_copied_seldom_and_takes_less_than_twice_its_size() {
    let mut batcher = LineBatcher::new(Uuid::nil());
    let (chunk, at) = (vec![b'x'; 10_000], Utc::now());
    let (mut before, mut copies) = (0, 0);
    while batcher.tails.stdout.len() + chunk.len() <= MAX_LINE_PART {
        batcher.push(Stdout, &chunk, at);
        let tail = &batcher.tails.stdout;
        assert!(tail.capacity() < 2 * tail.len(), "{} for {}", tail.capacity(), tail.len());
        assert!(tail.capacity() <= MAX_LINE_PART + chunk.len());
        copies += usize::from(tail.capacity() != before);
        before = tail.capacity();
    }
    assert!(copies <= 10, "{copies}");
    batcher.push(Stdout, &chunk, at);
    assert_eq!(batcher.tails.stdout.capacity(), MAX_LINE_PART + chunk.len());
}

/// The address and the capacity of what is offered.
fn offered(batcher: &mut LineBatcher) -> (*const u8, usize) {
    let mut seen = None;
    batcher.offer(|batch| {
        seen = Some((batch.text.as_ptr(), batch.text.capacity()));
        true
    });
    seen.unwrap()
}

#[test]
fn an_offered_batch_stays_open_until_it_is_taken() {
    let mut batcher = LineBatcher::new(Uuid::max());
    batcher.push(Stdout, b"one\n", Utc::now());
    batcher.offer(|batch| {
        assert_eq!(batch.text, "one\n");
        false
    });
    batcher.push(Stdout, b"two\n", Utc::now());
    assert_eq!(batcher.len(), 8);
    batcher.offer(|batch| batch.text == "one\ntwo\n" && batch.execution_id == Uuid::max());
    assert_eq!((batcher.len(), batcher.take()), (0, None));
    batcher.push(Stdout, b"three\n", Utc::now());
    assert_eq!(lines(batcher.take()), [(Stdout, "three".to_owned(), false)]);
}

#[test]
fn the_memory_of_a_taken_batch_serves_the_next_of_the_thread() {
    let (mut one, mut other) = (LineBatcher::new(Uuid::nil()), LineBatcher::new(Uuid::nil()));
    one.push(Stdout, &b"x\n".repeat(1000), Utc::now());
    let memory = offered(&mut one);
    other.push(Stdout, b"1234\n", Utc::now());
    assert_eq!(offered(&mut other), memory);
    other.push(Stdout, b"next\n", Utc::now());
    assert_eq!(lines(other.take()), [(Stdout, "next".to_owned(), false)]);
}

#[test]
fn a_batch_expects_the_size_of_the_last_and_keeps_no_huge_one() {
    let at = Utc::now();
    for take in [LineBatcher::take, |batcher: &mut LineBatcher| {
        offered(batcher);
        None
    }] {
        let mut batcher = LineBatcher::new(Uuid::nil());
        batcher.push(Stdout, &b"x\n".repeat(50_000), at);
        take(&mut batcher);
        batcher.push(Stdout, b"x\n", at);
        assert!(offered(&mut batcher).1 >= 100_000);
        batcher.push(Stdout, &b"x\n".repeat(250_000), at);
        take(&mut batcher);
        batcher.push(Stdout, b"x\n", at);
        assert_eq!(offered(&mut batcher).1, 256 * 1024);
    }
}

/// What the lines of a whole stream are, from all of it at once.
fn model(whole: &[u8], max_part: usize) -> Vec<(String, bool)> {
    let mut expected = Vec::new();
    for line in whole.split_inclusive(|&byte| byte == b'\n') {
        let mut rest = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
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
        1 => prop::sample::select(vec![0x80, 0xBF, 0xC3, 0xE2, 0x82, 0xF0, 0x9F, 0xFF])
            .prop_map(|byte| vec![byte]),
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
        let (mut seen, mut whole) = (Vec::new(), PerStream::<Vec<u8>>::default());
        for (err, bytes) in &chunks {
            let stream = if *err { Stderr } else { Stdout };
            whole[stream].extend_from_slice(bytes);
            batcher.push(stream, bytes, DateTime::UNIX_EPOCH);
            let bound = max_part + 1;
            prop_assert!(batcher.tails[stream].len() <= bound);
            if take_each {
                seen.extend(lines(batcher.take()));
            }
        }
        for stream in [Stderr, Stdout] {
            batcher.finish(stream, DateTime::UNIX_EPOCH);
        }
        seen.extend(lines(batcher.take()));
        for stream in [Stdout, Stderr] {
            let of_stream = seen.iter().filter(|line| line.0 == stream);
                let of_stream: Vec<_> = of_stream.map(|line| (line.1.clone(), line.2)).collect();
            prop_assert_eq!(of_stream, model(&whole[stream], max_part));
        }
    }
}
