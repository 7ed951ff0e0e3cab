//! One execution by its handle: lines, standard input, and what dropping it means.

use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use execution_engine::{ExecutionHandle, ExecutionRequest, ExecutionStatus, Lines, OutputStream, Stdin};
use futures_core::Stream;
use integration_tests::{TestEngine, child_request, eventually, is_running};
use tokio::io::AsyncWriteExt;

/// Says its process id and stays.
fn staying() -> ExecutionRequest {
    ExecutionRequest::shell("echo $$; exec sleep 1000").kill_grace_ms(200)
}

async fn pid(lines: &mut Lines) -> u32 {
    lines.next().await.expect("a line").text.parse().expect("a process id")
}

fn run(test: &TestEngine, request: ExecutionRequest) -> ExecutionHandle {
    test.engine.run(request).expect("accepted")
}

#[tokio::test]
async fn the_lines_of_both_streams_come_through_the_handle_and_then_the_result() {
    let test = TestEngine::new();
    let mut execution =
        run(&test, ExecutionRequest::shell("echo out; sleep 0.2; echo err >&2; printf last; exit 3"));
    let mut lines = execution.lines();
    let mut seen = Vec::new();
    while let Some(line) = lines.next().await {
        seen.push((line.stream, line.text));
    }
    let (out, err) = (OutputStream::Stdout, OutputStream::Stderr);
    seen.sort_by_key(|(stream, _)| *stream == err);
    assert_eq!(seen, [(out, "out".to_owned()), (out, "last".to_owned()), (err, "err".to_owned())]);
    let result = execution.wait().await;
    assert_eq!((result.exit_code, result.id), (Some(3), execution.id()));
}

#[tokio::test]
async fn lines_that_are_asked_for_late_are_all_there() {
    let test = TestEngine::new();
    let mut execution = run(&test, child_request(&["lines", "100000"]));
    eventually("it runs", || execution.status() == ExecutionStatus::Running).await;
    let mut lines = execution.lines();
    let mut count = 0;
    while lines.next().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 100_000);
}

#[tokio::test]
async fn waiting_for_the_result_does_not_require_reading_lines() {
    let test = TestEngine::new();
    let mut execution = run(&test, child_request(&["lines", "100000"]));
    let result = execution.wait().await;
    assert_eq!((result.status, result.stdout.lines().count()), (ExecutionStatus::Completed, 100_000));
    assert_eq!(execution.lines().next().await, None, "a stream without lines, which cancels nothing");
    assert_eq!(execution.wait().await, result);
}

#[tokio::test]
async fn dropping_the_handle_cancels() {
    let test = TestEngine::new();
    let mut execution = run(&test, staying());
    let mut lines = execution.lines();
    let pid = pid(&mut lines).await;
    let id = execution.id();
    drop(execution);
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
    eventually("its process is gone", || !is_running(pid)).await;
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn dropping_the_stream_cancels_also_while_the_handle_is_kept() {
    let test = TestEngine::new();
    let mut execution = run(&test, staying());
    let mut lines = execution.lines();
    let pid = pid(&mut lines).await;
    drop(lines);
    assert_eq!(execution.wait().await.status, ExecutionStatus::Cancelled);
    eventually("its process is gone", || !is_running(pid)).await;
}

/// The body of a streamed response: a client that hangs up drops it.
#[tokio::test]
async fn a_stream_that_owns_its_execution_keeps_it_and_cancels_it() {
    let test = TestEngine::new();
    let execution = run(&test, staying());
    let id = execution.id();
    let mut body: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(execution.into_lines());
    let first = std::future::poll_fn(|cx: &mut Context<'_>| body.as_mut().poll_next(cx)).await;
    assert!(first.is_some());
    assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Running);
    drop(body);
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn a_stream_gives_its_handle_back_and_nothing_is_cancelled() {
    let test = TestEngine::new();
    let mut lines = run(&test, ExecutionRequest::shell("echo one; sleep 0.3; exit 7")).into_lines();
    assert!(lines.next().await.is_some());
    let mut execution = lines.into_handle().expect("the handle that it was made of");
    assert_eq!(execution.wait().await.exit_code, Some(7));
}

#[tokio::test]
async fn a_detached_execution_runs_on_and_its_lines_can_be_dropped() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::shell("echo up; sleep 0.3; echo done"));
    let mut lines = execution.lines();
    assert!(lines.next().await.is_some());
    let id = execution.detach();
    drop(lines);
    let result = test.wait(id).await;
    assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Completed, "up\ndone\n"));
}

#[tokio::test]
async fn a_finished_execution_is_not_touched_by_a_drop() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::shell("echo fine"));
    let id = execution.wait().await.id;
    drop(execution);
    assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Completed);
}

#[tokio::test]
async fn a_queued_execution_never_starts_when_its_handle_is_dropped() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1));
    let first = run(&test, staying());
    let file = test.dir.path().join("started");
    let second = run(&test, ExecutionRequest::exec("touch", [file.display().to_string()]));
    let id = second.id();
    drop(second);
    drop(first);
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
    assert!(!file.exists());
}

#[tokio::test]
async fn a_second_cancel_skips_the_grace_period() {
    let test = TestEngine::new();
    let script = "trap '' TERM; echo up; while :; do sleep 1; done";
    let mut execution = run(&test, ExecutionRequest::shell(script).kill_grace_ms(3_600_000));
    let mut lines = execution.lines();
    assert!(lines.next().await.is_some());
    assert!(execution.cancel() && execution.cancel());
    assert_eq!(execution.wait().await.signal.as_deref(), Some("SIGKILL"));
    assert!(!execution.cancel(), "it has ended");
}

#[tokio::test]
async fn a_kill_sends_no_graceful_signal_first() {
    let test = TestEngine::new();
    let script = "trap 'echo heard' TERM; echo up; while :; do sleep 0.1; done";
    let mut execution = run(&test, ExecutionRequest::shell(script).kill_grace_ms(3_600_000));
    let mut lines = execution.lines();
    assert!(lines.next().await.is_some());
    assert!(execution.kill());
    let result = execution.wait().await;
    assert_eq!((result.signal.as_deref(), result.stdout.as_str()), (Some("SIGKILL"), "up\n"));
}

#[tokio::test]
async fn standard_input_is_written_and_closed_through_the_handle() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::exec("cat", [""; 0]).stdin(Stdin::Pipe));
    let mut stdin = execution.stdin().expect("a pipe");
    assert!(execution.stdin().is_none(), "there is one writing end");
    let mut lines = execution.lines();
    // Answered without a flush.
    stdin.write_all(b"question\n").await.unwrap();
    assert_eq!(lines.next().await.unwrap().text, "question");
    let payload = "x".repeat(100).into_bytes();
    let write = async {
        for _ in 0..5000 {
            stdin.write_all(&payload).await.unwrap();
            stdin.write_all(b"\n").await.unwrap();
        }
        drop(stdin);
    };
    let mut count = 0;
    let read = async {
        while lines.next().await.is_some() {
            count += 1;
        }
    };
    tokio::join!(write, read);
    assert_eq!(count, 5000);
    assert_eq!(execution.wait().await.status, ExecutionStatus::Completed);
}

#[tokio::test]
async fn writing_to_a_child_that_reads_no_more_is_no_error() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::shell("read line; echo \"$line\"").stdin(Stdin::Pipe));
    let mut stdin = execution.stdin().expect("a pipe");
    stdin.write_all(b"first\n").await.unwrap();
    for _ in 0..100 {
        stdin.write_all(&[b'x'; 4096]).await.unwrap();
    }
    stdin.shutdown().await.unwrap();
    assert!(stdin.write_all(b"closed").await.is_err());
    assert_eq!(execution.wait().await.stdout, "first\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_dropped_outside_a_runtime_closes_the_input() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::exec("cat", [""; 0]).stdin(Stdin::Pipe));
    let stdin = execution.stdin().expect("a pipe");
    std::thread::spawn(move || drop(stdin)).join().unwrap();
    assert_eq!(execution.wait().await.status, ExecutionStatus::Completed);
}

#[tokio::test]
async fn a_shutdown_of_the_input_that_is_given_up_closes_it_all_the_same() {
    let test = TestEngine::new();
    let script = "sleep 1; exec wc -c";
    let mut execution = run(&test, ExecutionRequest::shell(script).stdin(Stdin::Pipe));
    let mut stdin = execution.stdin().expect("a pipe");
    let payload = vec![b'x'; 64 * 1024];
    // More than the pipe holds: the shutdown has to wait for the child.
    for _ in 0..4 {
        let write = stdin.write_all(&payload);
        if tokio::time::timeout(Duration::from_millis(20), write).await.is_err() {
            break;
        }
    }
    assert!(tokio::time::timeout(Duration::from_millis(20), stdin.shutdown()).await.is_err());
    drop(stdin);
    assert_eq!(execution.wait().await.status, ExecutionStatus::Completed);
}

#[tokio::test]
async fn no_standard_input_without_a_pipe() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::shell("true"));
    assert!(execution.stdin().is_none());
    assert_eq!(execution.wait().await.status, ExecutionStatus::Completed);
}

/// Whoever holds a handle and reads nothing holds up the child, and neither the timeout nor memory.
#[tokio::test]
async fn unread_lines_pause_the_child_and_not_its_timeout() {
    let test = TestEngine::new();
    let execution = run(&test, child_request(&["endless"]).timeout_ms(1000).kill_grace_ms(100));
    let result =
        tokio::time::timeout(Duration::from_secs(30), test.wait(execution.id())).await.expect("in time");
    assert_eq!(result.status, ExecutionStatus::Timeout);
    assert!(result.stdout_bytes < 4 << 20, "{}", result.stdout_bytes);
}

#[tokio::test]
async fn waiting_can_be_abandoned_and_repeated() {
    let test = TestEngine::new();
    let mut execution = run(&test, ExecutionRequest::shell("sleep 0.3; exit 5"));
    {
        let mut waiting = pin!(execution.wait());
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut waiting).await.is_err());
    }
    assert_eq!(execution.wait().await.exit_code, Some(5));
}
