//! One hot inner piece a run, to be counted by callgrind; see `tools/check-instructions.mjs`.

#[path = "support/output.rs"]
mod output;

use chrono::DateTime;
use execution_engine::internals::{Masking, cut_lines, format_log, keep};
use output::{lines, tokens};

const BYTES: usize = 4 << 20;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let log = lines(BYTES, if name == "lines_crlf" { "\r\n" } else { "\n" });
    let mask = |count| Masking::new(tokens(count).iter().map(String::as_str)).mask(&log);
    let done = match name.as_str() {
        // What every run has: making the output.
        "nothing" => 0,
        "lines" | "lines_crlf" => cut_lines(&log),
        "buffer" => usize::try_from(keep(&log, 1 << 20)).unwrap_or(0),
        "log" => format_log(&log, DateTime::UNIX_EPOCH),
        "redact_none" => mask(0),
        "redact_100" => mask(100),
        "secrets_100" => {
            drop(Masking::new(tokens(100).iter().map(String::as_str)));
            0
        }
        // `cargo bench` runs this too, and `cargo test` may: nothing is counted then.
        _ => return,
    };
    std::hint::black_box(done);
}
