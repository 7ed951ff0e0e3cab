//! G7: what happens at the output limit.

use std::os::unix::fs::PermissionsExt;

use execution_engine::{
    EventKind, ExecutionEvent, ExecutionRequest, ExecutionStatus, FailureCode, OversizedOutputStrategy,
    RetainOutput,
};
use integration_tests::{EventLog, TestEngine, child_request};

fn limited(bytes: u64, strategy: OversizedOutputStrategy, args: &[&str]) -> ExecutionRequest {
    child_request(args).max_output_size_bytes(bytes).oversized_output(strategy)
}

#[tokio::test]
async fn truncation_keeps_both_ends_and_says_how_much_is_missing_and_where_it_is() {
    let test = TestEngine::new();
    let request = limited(100, OversizedOutputStrategy::TruncateWithWarning, &["lines", "1000"]);
    let (result, events) = test.run_observed(request).await;
    assert_eq!(result.status, ExecutionStatus::Completed, "the child is not disturbed");
    assert!(result.stdout.starts_with("line 0\nline 1\n"), "{}", result.stdout);
    assert!(result.stdout.ends_with("line 998\nline 999\n"), "{}", result.stdout);
    let left_out = result.stdout_bytes - 100;
    assert!(result.stdout.contains(&format!("{left_out} bytes of stdout left out")), "{}", result.stdout);
    assert!(result.stdout.contains(&result.log_path.as_ref().unwrap().display().to_string()));
    assert!(result.stdout_truncated && !result.stderr_truncated);
    assert_eq!(events.kinds(), ["started", "output_truncated", "completed"]);
    assert_eq!(events.lines().len(), 1000, "events are not limited");
}

#[tokio::test]
async fn the_limit_holds_to_the_byte() {
    for retain in [RetainOutput::HeadTail, RetainOutput::Head, RetainOutput::Tail] {
        let test = TestEngine::with(|config| config.retain_output(retain));
        for (written, truncated) in [(999_u32, false), (1000, false), (1001, true)] {
            let size = written.to_string();
            let result = test
                .run(limited(1000, OversizedOutputStrategy::TruncateWithWarning, &["bytes", &size]))
                .await;
            assert_eq!(result.stdout_truncated, truncated, "{written} bytes, {retain:?}");
            if !truncated {
                assert_eq!(result.stdout.len(), written as usize);
            }
        }
    }
}

#[tokio::test]
async fn fail_execution_stops_the_tree_and_keeps_output_up_to_the_limit() {
    let test = TestEngine::new();
    let (result, events) =
        test.run_observed(limited(1000, OversizedOutputStrategy::FailExecution, &["endless"])).await;
    assert_eq!(result.status, ExecutionStatus::Failed);
    assert_eq!(result.error.as_ref().unwrap().code, FailureCode::OutputSizeExceeded);
    assert!(result.stdout.starts_with(&"x".repeat(1000)));
    assert_eq!(events.kinds(), ["started", "output_truncated", "failed"]);
}

#[tokio::test]
async fn fail_execution_holds_also_when_the_child_was_faster() {
    let result = TestEngine::new()
        .run(limited(1000, OversizedOutputStrategy::FailExecution, &["bytes", "2000"]))
        .await;
    assert_eq!(result.error.as_ref().unwrap().code, FailureCode::OutputSizeExceeded);
}

#[tokio::test]
async fn stream_to_file_has_every_byte_for_its_owner_only() {
    let test = TestEngine::new();
    let request = limited(1000, OversizedOutputStrategy::StreamToFile, &["bytes", "3000000"]);
    let result = test.run(request).await;
    assert_eq!(result.status, ExecutionStatus::Completed, "{:?}", result.error);
    let path = result.output_files.stdout.as_ref().expect("a file for stdout");
    let written = std::fs::read(path).unwrap();
    assert_eq!(written.len(), 3_000_000);
    assert_eq!(&written[..1000], &result.stdout.as_bytes()[..1000]);
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(result.output_files.stderr, None, "nothing was too much there");
}

#[tokio::test]
async fn stream_to_file_needs_no_log() {
    let test = TestEngine::with(|config| config.logging(false));
    let result = test.run(limited(10, OversizedOutputStrategy::StreamToFile, &["bytes", "20"])).await;
    assert_eq!(std::fs::read(result.output_files.stdout.as_ref().unwrap()).unwrap().len(), 20);
    assert_eq!(result.log_path, None);
}

/// A write that fails, followed by one that does not, would leave a file that looks whole.
#[tokio::test]
async fn a_file_that_could_not_be_written_has_no_hole_but_ends_there() {
    let test = TestEngine::new();
    let id = uuid::Uuid::now_v7();
    std::fs::create_dir(test.log_dir()).unwrap();
    let planted = test.log_dir().join(format!("{id}.stdout"));
    std::fs::create_dir(&planted).unwrap();
    let request =
        ExecutionRequest::shell("echo $(seq 1000); while [ ! -e go ]; do sleep 0.01; done; seq 1000")
            .id(id)
            .working_dir(test.dir.path().to_owned())
            .max_output_size_bytes(1000)
            .oversized_output(OversizedOutputStrategy::StreamToFile);
    let events = EventLog::new();
    test.engine.execute_with(request, events.clone()).unwrap();
    let warned = |events: &[ExecutionEvent]| {
        events.iter().any(|event| matches!(event.kind, EventKind::Warning { .. })).then_some(())
    };
    events.until(warned).await;
    std::fs::remove_dir(&planted).unwrap();
    std::fs::write(test.dir.path().join("go"), "").unwrap();
    let result = test.wait(id).await;
    assert_eq!((result.status, &result.output_files.stdout), (ExecutionStatus::Completed, &None));
    assert!(result.log_error.as_ref().unwrap().contains("not in its file"));
    assert!(!planted.exists());
}
