//! Throughput, by hand: `cargo test --release -p execution-engine throughput -- --ignored --nocapture`.
//!
//! Tests and not benchmarks, since the parts are private to the crate.

use std::time::Instant;

use chrono::Utc;
use uuid::Uuid;

use super::*;
use crate::config::RetainOutput;
use crate::event::OutputStream;

const CHUNK: usize = 64 * 1024;
const LINES: usize = 5_000_000;
const BATCH: usize = 128 * 1024;

/// 5 M lines of 80 bytes that look like a log.
fn log(line_end: &str) -> Vec<u8> {
    let mut log = Vec::with_capacity(LINES * 80);
    for i in 0..LINES {
        let level = ["INFO", "DEBUG", "WARN"][i % 3];
        let line = format!(
            "2025-10-21T10:{:02}:{:02}Z {level} worker/{} handled request {i} in ",
            i / 60 % 60,
            i % 60,
            i % 17
        );
        log.extend_from_slice(line.as_bytes());
        log.resize((i + 1) * 80 - line_end.len(), b'.');
        log.extend_from_slice(line_end.as_bytes());
    }
    log
}

fn tokens(count: usize) -> Vec<String> {
    (0..count).map(|i| Uuid::from_u128(u128::MAX / 7 * (i as u128 + 3)).simple().to_string()).collect()
}

fn report(what: &str, log: &[u8], mut pass: impl FnMut(&[u8]) -> u64) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let check = log.chunks(CHUNK).map(&mut pass).sum::<u64>();
        std::hint::black_box(check);
        best = best.min(start.elapsed().as_secs_f64());
    }
    #[allow(clippy::cast_precision_loss, reason = "a figure for reading")]
    let (bytes, lines) = (log.len() as f64, LINES as f64);
    eprintln!("{what:40} {:6.2} GB/s {:6.1} M lines/s", bytes / best / 1e9, lines / best / 1e6);
    best
}

fn batching(redactor: &mut StreamRedactor, batcher: &mut LineBatcher, chunk: &[u8]) -> u64 {
    batcher.push(OutputStream::Stdout, redactor.push(chunk), Utc::now());
    let mut taken = 0;
    if batcher.len() >= BATCH {
        taken = batcher.take().map_or(0, |batch| batch.text.len() as u64);
    }
    taken
}

#[test]
#[ignore = "measures; run in release mode"]
fn throughput() {
    let log_unix = log("\n");
    let mut batcher = LineBatcher::new(Uuid::nil());
    let none = Secrets::default();
    report("lines", &log_unix, |chunk| batching(&mut none.stream(), &mut batcher, chunk));
    let log_windows = log("\r\n");
    report("lines ending in CR LF", &log_windows, |chunk| batching(&mut none.stream(), &mut batcher, chunk));
    drop(log_windows);
    let mut invalid = log_unix.clone();
    invalid.iter_mut().step_by(1000).for_each(|byte| *byte = if *byte == b'\n' { b'\n' } else { 0xFF });
    report("lines, one in twelve not UTF-8", &invalid, |chunk| {
        batching(&mut none.stream(), &mut batcher, chunk)
    });
    drop(invalid);
    for retain in [RetainOutput::HeadTail, RetainOutput::Tail] {
        let mut buffer = BoundedBuffer::new(10 << 20, retain);
        report(&format!("buffer of 10 MiB, {retain:?}"), &log_unix, |chunk| {
            buffer.push(chunk);
            buffer.kept()
        });
    }
    let alike = [0, 1, 10, 100, 1000].map(|count| (format!("{count} secrets"), tokens(count)));
    let with_short = [tokens(100), vec!["hunt2".to_owned()]].concat();
    let key = format!("-----BEGIN KEY-----\n{}-----END KEY-----\n", (tokens(40).join("\n") + "\n").repeat(2));
    let on_each_line = vec!["handled request".to_owned()];
    let others =
        [("100 and a short one", with_short), ("a key file", vec![key]), ("one on each line", on_each_line)];
    for (what, secrets) in alike.into_iter().chain(others.map(|(what, secrets)| (what.to_owned(), secrets))) {
        let start = Instant::now();
        let secrets = Secrets::new(secrets.iter().map(String::as_str));
        eprintln!("{what}: compiled in {:?}", start.elapsed());
        let mut redactor = secrets.stream();
        report(&format!("{what}: redact"), &log_unix, |chunk| redactor.push(chunk).len() as u64);
        let mut redactor = secrets.stream();
        let mut buffer = BoundedBuffer::new(10 << 20, RetainOutput::HeadTail);
        report(&format!("{what}: redact, buffer, lines"), &log_unix, |chunk| {
            let shown = redactor.push(chunk);
            buffer.push(shown);
            batcher.push(OutputStream::Stdout, shown, Utc::now());
            if batcher.len() >= BATCH { batcher.take().map_or(0, |batch| batch.text.len() as u64) } else { 0 }
        });
    }
}
