//! G8: a process that keeps the pipes open never holds the result back.

use std::time::{Duration, Instant};

use execution_engine::{ExecutionRequest, ExecutionStatus};
use integration_tests::{TestEngine, have, is_running};

async fn leaves_behind(line: &str) {
    let begun = Instant::now();
    let result = TestEngine::new().run(ExecutionRequest::shell(line)).await;
    assert!(begun.elapsed() < Duration::from_secs(60), "it took {:?}", begun.elapsed());
    assert_eq!(result.status, ExecutionStatus::Completed);
    assert!(result.output_incomplete);
    assert!(result.stdout.starts_with("parent\n"), "{}", result.stdout);
    let left = result.leftover_processes.first().expect("the leftover is named");
    assert!(is_running(left.pid), "a process left by a natural end is left alone");
    for left in &result.leftover_processes {
        let pid = rustix::process::Pid::from_raw(i32::try_from(left.pid).unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

#[tokio::test]
async fn a_grandchild_that_keeps_the_pipe_does_not_keep_the_result() {
    leaves_behind("echo parent; sleep 600 &").await;
}

#[tokio::test]
async fn a_chatty_grandchild_does_not_keep_the_result() {
    leaves_behind("echo parent; (trap '' PIPE; while :; do echo chat; sleep 0.01; done) &").await;
}

#[tokio::test]
async fn a_background_process_with_its_own_output_is_named_and_nothing_is_missing() {
    let result = TestEngine::new().run(ExecutionRequest::shell("echo up; sleep 60 >/dev/null 2>&1 &")).await;
    assert!(!result.output_incomplete);
    assert_eq!(result.leftover_processes.len(), 1);
    let left = &result.leftover_processes[0];
    assert_eq!(left.name, "sleep");
    let pid = rustix::process::Pid::from_raw(i32::try_from(left.pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// The `tee` of `exec > >(tee log)` ends after the program that writes through it.
#[tokio::test]
async fn a_member_that_still_writes_is_read_to_its_end() {
    let slow = "(i=0; while [ $i -lt 10 ]; do sleep 0.06; echo late; i=$((i+1)); done) & echo parent";
    let result = TestEngine::new().run(ExecutionRequest::shell(slow)).await;
    assert_eq!(result.stdout, format!("parent\n{}", "late\n".repeat(10)));
    assert!(!result.output_incomplete);
}

/// On a busy machine a `tee` may have to wait for a CPU for longer than silence is read for.
#[tokio::test]
async fn a_member_that_is_at_work_may_be_silent_for_longer() {
    if !have("bash", &["-c", "(( ${EPOCHREALTIME/./} > 0 ))"]) {
        return;
    }
    let busy = "bash -c '(end=$((${EPOCHREALTIME/./} + 600000)); while ((${EPOCHREALTIME/./} < end)); do :; done; \
                echo late) & echo parent'";
    let result = TestEngine::new().run(ExecutionRequest::shell(busy)).await;
    assert_eq!((result.stdout.as_str(), result.output_incomplete), ("parent\nlate\n", false));
}

#[tokio::test]
async fn a_process_outside_the_group_that_holds_the_output_is_named() {
    if !have("setsid", &["true"]) {
        return;
    }
    leaves_behind("echo parent; setsid sleep 600 &").await;
}
