//! G5: what a line is.

use execution_engine::{EventKind, ExecutionRequest, LogReader};
use integration_tests::{TestEngine, child_request};

async fn lines_of(parts: &[&str]) -> Vec<String> {
    let hex: Vec<String> =
        parts.iter().map(|part| part.bytes().map(|byte| format!("{byte:02x}")).collect()).collect();
    let mut args = vec!["hex"];
    args.extend(hex.iter().map(String::as_str));
    let (_, events) = TestEngine::new().run_observed(child_request(&args)).await;
    events.lines()
}

#[tokio::test]
async fn crlf_ends_a_line_and_a_lone_cr_does_not() {
    assert_eq!(lines_of(&["a\r\nb\rc\n"]).await, ["o:a", "o:b\rc"]);
}

#[tokio::test]
async fn a_last_line_without_its_end_and_empty_lines_are_lines() {
    assert_eq!(lines_of(&["\n\na"]).await, ["o:", "o:", "o:a"]);
}

#[tokio::test]
async fn a_character_cut_by_a_write_arrives_whole() {
    let (_, events) = TestEngine::new().run_observed(child_request(&["hex", "f09f", "9a80", "0a"])).await;
    assert_eq!(events.lines(), ["o:🚀"]);
}

#[tokio::test]
async fn invalid_utf8_is_marked_in_text_and_exact_in_the_log() {
    let test = TestEngine::new();
    let (result, events) = test.run_observed(child_request(&["hex", "61ff620a"])).await;
    assert_eq!(events.lines(), ["o:a\u{fffd}b"]);
    assert_eq!(result.stdout, "a\u{fffd}b\n");
    let log = std::fs::read(result.log_path.as_ref().unwrap()).unwrap();
    assert!(log.windows(4).any(|window| window == b"a\xffb\n"), "{}", String::from_utf8_lossy(&log));
}

#[tokio::test]
async fn a_line_over_a_mebibyte_comes_in_marked_parts() {
    let line = "head -c 2500000 /dev/zero | tr '\\0' x; echo; echo next";
    let (_, events) = TestEngine::new().run_observed(ExecutionRequest::shell(line)).await;
    let mut parts = Vec::new();
    for event in events.all() {
        if let EventKind::Stdout { line, partial } = event.kind {
            parts.push((line.len(), partial));
        }
    }
    let (last, long) = parts.split_last().unwrap();
    assert_eq!(*last, (4, false));
    assert_eq!(long.iter().map(|(len, _)| len).sum::<usize>(), 2_500_000);
    assert!(long.iter().rev().skip(1).all(|(len, partial)| *partial && *len <= 1 << 20));
    assert!(!long.last().unwrap().1, "the last part ends the line");
}

#[tokio::test]
async fn terminal_control_sequences_are_only_text() {
    let test = TestEngine::new();
    let shown = "\u{1b}[31mred\u{1b}[0m\u{7}\u{8} \0 nul\ttab 10%\r20%\r30%";
    let hex: String = shown.bytes().chain(*b"\n").map(|byte| format!("{byte:02x}")).collect();
    let (result, events) = test.run_observed(child_request(&["hex", &hex])).await;
    assert_eq!(result.stdout, format!("{shown}\n"));
    assert_eq!(events.lines(), [format!("o:{shown}")]);
}

/// Each costs more beside its payload than in it.
#[tokio::test]
async fn a_million_empty_lines_are_a_million_lines() {
    let test = TestEngine::new();
    let (result, events) = test.run_observed(ExecutionRequest::shell("yes '' | head -n 1000000")).await;
    assert_eq!(result.stdout_bytes, 1_000_000);
    let lines = events.lines();
    assert_eq!((lines.len(), lines.iter().all(|line| line == "o:")), (1_000_000, true));
    let reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    assert_eq!(reader.count(), 1_000_000);
}
