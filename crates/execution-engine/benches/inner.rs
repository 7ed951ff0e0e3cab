//! The hot inner pieces, timed: `cargo bench -p execution-engine --features internals`.

#[path = "support/output.rs"]
mod output;

use chrono::DateTime;
use divan::Bencher;
use divan::counter::BytesCount;
use execution_engine::internals::{Masking, cut_lines, format_log, keep};
use output::{lines, tokens};

const BYTES: usize = 8 << 20;

fn main() {
    divan::main();
}

#[divan::bench(args = ["\n", "\r\n"])]
fn cutting_lines(bencher: Bencher, line_end: &str) {
    let log = lines(BYTES, line_end);
    bencher.counter(BytesCount::new(BYTES)).bench(|| cut_lines(&log));
}

#[divan::bench]
fn keeping_under_a_limit(bencher: Bencher) {
    let log = lines(BYTES, "\n");
    bencher.counter(BytesCount::new(BYTES)).bench(|| keep(&log, 1 << 20));
}

#[divan::bench]
fn formatting_a_log(bencher: Bencher) {
    let log = lines(BYTES, "\n");
    bencher.counter(BytesCount::new(BYTES)).bench(|| format_log(&log, DateTime::UNIX_EPOCH));
}

#[divan::bench(args = [0, 1, 10, 100, 1000])]
fn masking(bencher: Bencher, secrets: usize) {
    let log = lines(BYTES, "\n");
    let secrets = tokens(secrets);
    let masking = Masking::new(secrets.iter().map(String::as_str));
    bencher.counter(BytesCount::new(BYTES)).bench(|| masking.mask(&log));
}

#[divan::bench]
fn masking_one_on_every_line(bencher: Bencher) {
    let log = lines(BYTES, "\n");
    let masking = Masking::new(["handled request"]);
    bencher.counter(BytesCount::new(BYTES)).bench(|| masking.mask(&log));
}

#[divan::bench(args = [1, 10, 100])]
fn compiling_secrets(bencher: Bencher, secrets: usize) {
    let secrets = tokens(secrets);
    bencher.bench(|| Masking::new(secrets.iter().map(String::as_str)));
}
