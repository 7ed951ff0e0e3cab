//! G13: whatever became of a log, a reader neither fails nor hides a record that is whole.
//!
//! Longer: `PROPTEST_CASES=100000 cargo nextest run -p integration-tests log_damage`.

use std::sync::OnceLock;

use execution_engine::{ExecutionRequest, LogReader, LogRecord, LogRecordKind};
use integration_tests::TestEngine;
use proptest::prelude::*;
use uuid::Uuid;

/// A real log, as bytes.
fn log() -> &'static (Uuid, Vec<u8>) {
    static LOG: OnceLock<(Uuid, Vec<u8>)> = OnceLock::new();
    LOG.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let test = TestEngine::new();
            let line = "for i in $(seq 40); do echo out $i; echo err $i >&2; printf 'part '; done; \
                        printf '\\r\\0 #end'";
            let result = test.run(ExecutionRequest::shell(line)).await;
            (result.id, std::fs::read(result.log_path.as_ref().unwrap()).unwrap())
        })
    })
}

/// What a reader makes of some bytes as a log.
fn read(bytes: &[u8]) -> (Vec<LogRecord>, LogReader) {
    let dir = tempfile::tempdir().unwrap();
    let id = log().0;
    std::fs::write(dir.path().join(format!("{id}.log")), bytes).unwrap();
    let mut reader = LogReader::open(dir.path(), id).unwrap();
    let records = reader.by_ref().map(|record| record.unwrap()).collect();
    (records, reader)
}

/// A record as its line.
fn line(record: &LogRecord) -> Vec<u8> {
    let time = record.timestamp.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into_bytes();
    match &record.kind {
        LogRecordKind::Output { stream, bytes, partial } => {
            let letter = if *stream == execution_engine::OutputStream::Stdout { 'O' } else { 'E' };
            let mark = if *partial { '+' } else { ' ' };
            [time, format!(" {letter}{mark} ").into_bytes(), bytes.clone()].concat()
        }
        _ => time,
    }
}

/// Every line of the original that is whole in the damaged bytes is read, in order.
fn assert_nothing_hidden(damaged: &[u8]) {
    let original: Vec<&[u8]> =
        log().1.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")).collect();
    let (records, _) = read(damaged);
    let mut read = records.iter().map(line);
    let whole = damaged.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    for wanted in whole.filter(|line| !line.is_empty() && original.contains(line)) {
        let is_read = read.any(|line| line == wanted);
        assert!(is_read, "hidden: {}", String::from_utf8_lossy(wanted));
    }
}

#[test]
fn a_whole_log_is_read_whole() {
    let (records, reader) = read(&log().1);
    assert!(records.len() >= 80);
    assert_eq!(reader.damage().bad_lines, 0);
    assert!(reader.footer().is_some());
    assert_nothing_hidden(&log().1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_that_is_cut_anywhere_loses_its_last_line_at_most(at in 0..5000_usize) {
        let bytes = &log().1;
        assert_nothing_hidden(&bytes[..at.min(bytes.len())]);
    }

    /// As a file system leaves it after a power cut.
    #[test]
    fn a_run_of_nul_bytes_hides_nothing_else(at in 0..5000_usize, count in 1..10_000_usize) {
        let mut bytes = log().1.clone();
        let at = at.min(bytes.len());
        bytes.splice(at..at, std::iter::repeat_n(0, count));
        assert_nothing_hidden(&bytes);
    }

    #[test]
    fn bytes_that_were_overwritten_hide_nothing_else(
        at in 0..5000_usize,
        with in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let mut bytes = log().1.clone();
        let at = at.min(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        assert_nothing_hidden(&bytes);
    }

    #[test]
    fn lines_of_anything_between_the_others_hide_nothing_else(
        lines in prop::collection::vec((0..100_usize, prop::collection::vec(any::<u8>(), 0..80)), 1..8)
    ) {
        let records = log().1.split_inclusive(|byte| *byte == b'\n');
        let mut all: Vec<Vec<u8>> = records.map(<[u8]>::to_vec).collect();
        for (at, mut line) in lines {
            line.push(b'\n');
            all.insert(at.min(all.len()), line);
        }
        assert_nothing_hidden(&all.concat());
    }

    /// No bytes make it fail, or go on for ever.
    #[test]
    fn anything_at_all_is_read_to_its_end(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let (records, reader) = read(&bytes);
        assert!(records.len() <= bytes.len());
        assert!(reader.damage().bad_lines <= bytes.len() as u64);
    }
}
