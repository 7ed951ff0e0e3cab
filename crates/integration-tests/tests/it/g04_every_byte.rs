//! G4: every byte is counted and logged, in order within its stream.

use execution_engine::ExecutionRequest;
use integration_tests::{TestEngine, child_request};

#[tokio::test]
async fn a_child_that_exits_at_once_with_a_full_pipe_loses_nothing() {
    let test = TestEngine::new();
    for _ in 0..20 {
        let result = test.run(child_request(&["bytes", "1048576"])).await;
        assert_eq!((result.stdout_bytes, result.stdout.len()), (1 << 20, 1 << 20));
    }
}

#[tokio::test]
async fn both_streams_are_counted_apart() {
    let result = TestEngine::new().run(ExecutionRequest::shell("printf 12345; printf 123 >&2")).await;
    assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("12345", "123"));
    assert_eq!((result.stdout_bytes, result.stderr_bytes), (5, 3));
}

#[tokio::test]
async fn order_within_a_stream_is_kept() {
    let (_, events) = TestEngine::new().run_observed(child_request(&["alternate", "2000"])).await;
    let lines = events.lines();
    for (prefix, word) in [("o:", "out"), ("e:", "err")] {
        let stream: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(prefix)).collect();
        let expected: Vec<_> = (0..2000).map(|i| format!("{word} {i}")).collect();
        assert_eq!(stream, expected);
    }
}

#[tokio::test]
async fn a_child_that_closes_its_output_and_lives_on_is_waited_for() {
    let line = "echo said; exec 1>&- 2>&-; sleep 0.3; exit 7";
    let result = TestEngine::new().run(ExecutionRequest::shell(line)).await;
    assert_eq!((result.exit_code, result.stdout.as_str()), (Some(7), "said\n"));
    assert!(!result.output_incomplete);
}

/// The disk's room used to be looked at twice; room that came in between was waited for for ever.
#[tokio::test]
async fn a_log_that_catches_up_at_any_moment_stalls_nothing() {
    let test = TestEngine::new();
    for _ in 0..40 {
        let result = test.run(child_request(&["bytes", "3000000"])).await;
        assert_eq!(result.stdout_bytes, 3_000_000);
    }
}
