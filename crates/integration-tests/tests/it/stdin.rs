//! What the child reads.

use std::time::Duration;

use execution_engine::{ExecutionRequest, ExecutionStatus, Stdin};
use integration_tests::{EventLog, TestEngine, child_request};

#[tokio::test]
async fn a_command_that_asks_gets_end_of_file_at_once() {
    let result = TestEngine::new().run(ExecutionRequest::shell("read answer || echo closed")).await;
    assert_eq!(result.stdout, "closed\n");
}

#[tokio::test]
async fn given_bytes_arrive_whole() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    let request = ExecutionRequest::exec("cksum", [] as [&str; 0]).stdin(Stdin::Bytes(bytes));
    let result = TestEngine::new().run(request).await;
    assert!(result.stdout.ends_with(" 1000000\n"), "{}", result.stdout);
}

#[tokio::test]
async fn a_child_that_does_not_read_is_no_error() {
    let request = child_request(&["exit", "0"]).stdin(Stdin::Bytes(vec![b'x'; 1 << 20]));
    assert_eq!(TestEngine::new().run(request).await.status, ExecutionStatus::Completed);
}

#[tokio::test]
async fn a_blocked_write_does_not_delay_the_timeout() {
    let request =
        ExecutionRequest::shell("sleep 1000").stdin(Stdin::Bytes(vec![b'x'; 1 << 20])).timeout_ms(200);
    assert_eq!(TestEngine::new().run(request).await.status, ExecutionStatus::Timeout);
}

#[tokio::test]
async fn a_pipe_is_written_while_it_runs_and_closed() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let request =
        ExecutionRequest::shell("while read line; do echo got $line; done; echo end").stdin(Stdin::Pipe);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    test.engine.write_stdin(id, b"one\n".to_vec()).await.unwrap();
    events.line("got one").await;
    test.engine.write_stdin(id, b"two\n".to_vec()).await.unwrap();
    test.engine.close_stdin(id).await.unwrap();
    assert_eq!(test.wait(id).await.stdout, "got one\ngot two\nend\n");
    tokio::time::timeout(Duration::from_secs(60), test.engine.write_stdin(id, b"late".to_vec()))
        .await
        .expect("a late write does not hang")
        .unwrap();
}

#[tokio::test]
async fn writing_without_a_pipe_is_refused() {
    let test = TestEngine::new();
    let id = test.run(ExecutionRequest::shell("true")).await.id;
    assert_eq!(test.engine.write_stdin(id, vec![1]).await.unwrap_err().code(), "INVALID_REQUEST");
}

#[tokio::test]
async fn writes_after_the_end_are_dropped() {
    let test = TestEngine::new();
    let id = test.run(ExecutionRequest::shell("true").stdin(Stdin::Pipe)).await.id;
    test.engine.write_stdin(id, vec![1]).await.unwrap();
    test.engine.close_stdin(id).await.unwrap();
}
