//! What a result has only if the request says so: the bytes of the output, and both streams in one.

use execution_engine::{ExecutionRequest, ExecutionResult, ExecutionStatus, OversizedOutputStrategy};
use integration_tests::TestEngine;

/// Writes to the streams in turn, each time after the last was read.
fn alternating() -> ExecutionRequest {
    ExecutionRequest::shell("echo 1; sleep 0.5; printf '\\377\\000' >&2; sleep 0.5; echo 3")
}

async fn run(request: ExecutionRequest) -> ExecutionResult {
    ExecutionResult::clone(&*TestEngine::new().run(request).await)
}

#[tokio::test]
async fn without_a_word_the_result_has_neither_and_its_json_does_not_mention_them() {
    let result = run(alternating()).await;
    assert_eq!((&result.all, &result.raw), (&None, &None));
    let json = serde_json::to_value(&result).unwrap();
    assert_eq!((json.get("all"), json.get("raw")), (None, None));
}

#[tokio::test]
async fn both_streams_come_in_one_in_their_order_as_text_and_byte_for_byte() {
    let result = run(alternating().all(true).raw_output(true)).await;
    assert_eq!(result.all.as_deref(), Some("1\n\u{fffd}\x003\n"));
    let raw = result.raw.as_ref().unwrap();
    assert_eq!(raw.stdout, b"1\n3\n");
    assert_eq!(raw.stderr, b"\xff\0");
    assert_eq!(raw.all, b"1\n\xff\x003\n");

    let json = serde_json::to_value(&result).unwrap();
    assert_eq!(json["raw"]["stderr"], "/wA=", "in JSON bytes are base64");
    assert_eq!(serde_json::from_value::<ExecutionResult>(json).unwrap(), result);
}

#[tokio::test]
async fn every_byte_that_memory_kept_comes_back_and_nothing_else() {
    let all_bytes: String = (0..=255).map(|byte| format!("\\{byte:03o}")).collect();
    let request = ExecutionRequest::shell(format!("printf '{all_bytes}'")).raw_output(true);
    let expected: Vec<u8> = (0..=255).collect();
    assert_eq!(run(request.clone()).await.raw.unwrap().stdout, expected);

    let result = run(request.max_output_size_bytes(100)).await;
    let ends = [&expected[..50], &expected[206..]].concat();
    assert_eq!(result.raw.unwrap().stdout, ends, "no note, and no character is completed or left out");
    assert!(result.stdout_truncated);
}

#[tokio::test]
async fn what_is_kept_of_each_stream_is_in_both() {
    let write = "head -c 1000 /dev/zero | tr '\\0' x";
    let request = ExecutionRequest::shell(format!("{write}; ({write}) >&2")).all(true).raw_output(true);
    let result = run(request.clone().max_output_size_bytes(1000)).await;
    assert_eq!(result.all.as_ref().map(String::len), Some(2000));

    for strategy in [OversizedOutputStrategy::TruncateWithWarning, OversizedOutputStrategy::StreamToFile] {
        let limited = request.clone().max_output_size_bytes(100).oversized_output(strategy);
        let result = run(limited).await;
        assert_eq!(result.raw.as_ref().unwrap().all.len(), 200, "bounded by twice the limit of one");
        let all = result.all.unwrap();
        let log = result.log_path.unwrap().display().to_string();
        assert!(all.contains("1800 bytes of the output left out") && all.contains(&log), "{all}");
    }
}

#[tokio::test]
async fn secrets_are_masked_in_all_and_in_the_bytes() {
    let request = ExecutionRequest::shell("echo s3cret-token; echo s3cret-token >&2")
        .secrets(["s3cret-token"])
        .all(true)
        .raw_output(true);
    let result = run(request).await;
    assert_eq!(result.all.as_deref(), Some("***\n***\n"));
    let raw = result.raw.unwrap();
    assert_eq!((&*raw.stdout, &*raw.stderr, &*raw.all), (&b"***\n"[..], &b"***\n"[..], &b"***\n***\n"[..]));
}

#[tokio::test]
async fn what_never_started_has_what_was_asked_for_too() {
    let request = ExecutionRequest::exec::<String>("no-such-program", []).all(true).raw_output(true);
    let result = run(request).await;
    assert_eq!(result.status, ExecutionStatus::Failed);
    assert_eq!((result.all.as_deref(), result.raw), (Some(""), Some(Box::default())));
}
