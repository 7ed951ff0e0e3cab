//! G9: timeout and cancel stop the whole tree.

use std::time::{Duration, Instant};

use execution_engine::{EventKind, ExecutionRequest, ExecutionStatus, FailureCode, OversizedOutputStrategy};
use integration_tests::{EventLog, TestEngine, child_request, eventually, is_running, marked};

/// Starts `line`, waits for its pids (printed as `pid <n>` lines, then `ready`), cancels, and
/// returns when all are gone.
async fn cancel_takes_all(line: &str, grace_ms: u64) -> std::sync::Arc<execution_engine::ExecutionResult> {
    let test = TestEngine::new();
    let events = EventLog::new();
    let request = ExecutionRequest::shell(line).kill_grace_ms(grace_ms);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("ready").await;
    let pids: Vec<u32> =
        events.lines().iter().filter_map(|line| line.strip_prefix("o:pid ")?.trim().parse().ok()).collect();
    assert!(!pids.is_empty() && pids.iter().all(|pid| is_running(*pid)), "{pids:?}");
    assert!(test.engine.cancel(id).unwrap());
    let result = test.wait(id).await;
    assert_eq!(result.status, ExecutionStatus::Cancelled);
    for pid in pids {
        eventually("every process of the tree is gone", || !is_running(pid)).await;
    }
    assert_eq!(result.leftover_processes, []);
    result
}

#[tokio::test]
async fn a_tree_that_obeys_sigterm_ends_within_the_grace_period() {
    let begun = Instant::now();
    let result =
        cancel_takes_all("sleep 1000 & echo pid $!; sleep 1000 & echo pid $!; echo ready; wait", 60_000)
            .await;
    assert!(begun.elapsed() < Duration::from_secs(50));
    assert_eq!(result.signal.as_deref(), Some("SIGTERM"));
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_is_killed_after_the_grace_period() {
    let line = "trap '' TERM; sh -c 'trap \"\" TERM; sleep 1000' & echo pid $!; echo pid $$; echo ready; \
                while :; do sleep 1; done";
    let result = cancel_takes_all(line, 200).await;
    assert_eq!(result.signal.as_deref(), Some("SIGKILL"));
}

#[tokio::test]
async fn a_grandchild_that_ignores_sigterm_is_killed_when_its_parent_obeyed() {
    let line = "sh -c 'trap \"\" TERM; echo pid $$; echo ready; while :; do sleep 1; done' & wait";
    cancel_takes_all(line, 200).await;
}

#[tokio::test]
async fn a_child_may_clean_up_within_the_grace_period() {
    let line = "trap 'echo cleaned; exit 3' TERM; echo pid $$; echo ready; while :; do sleep 0.05; done";
    let result = cancel_takes_all(line, 60_000).await;
    assert!(result.stdout.contains("cleaned"), "{}", result.stdout);
    assert_eq!(result.exit_code, Some(3));
}

#[tokio::test]
async fn a_stopped_child_is_continued_so_that_it_receives_sigterm() {
    let line = "sleep 1000 & echo pid $!; echo ready; kill -STOP $!; kill -STOP $$; wait";
    let result = cancel_takes_all(line, 60_000).await;
    assert_eq!(result.signal.as_deref(), Some("SIGTERM"));
}

#[tokio::test]
async fn a_daemon_that_left_the_group_is_found_and_stopped() {
    let line = "setsid sh -c 'echo pid $$; echo ready; while :; do sleep 1; done' & sleep 1000";
    cancel_takes_all(line, 200).await;
}

#[tokio::test]
async fn a_second_cancel_kills_at_once() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let request = ExecutionRequest::shell("trap '' TERM; echo ready; while :; do sleep 1; done")
        .kill_grace_ms(3_600_000);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("ready").await;
    assert!(test.engine.cancel(id).unwrap());
    assert!(test.engine.cancel(id).unwrap());
    assert_eq!(test.wait(id).await.signal.as_deref(), Some("SIGKILL"));
}

#[tokio::test]
async fn a_timeout_stops_the_tree_and_says_so() {
    let request = ExecutionRequest::shell("echo begun; sleep 1000").timeout_ms(200);
    let (result, events) = TestEngine::new().run_observed(request).await;
    assert_eq!(result.status, ExecutionStatus::Timeout);
    assert_eq!(result.error.as_ref().unwrap().code, FailureCode::Timeout);
    assert_eq!(result.stdout, "begun\n");
    assert!((200..20_000).contains(&result.duration_ms), "{}", result.duration_ms);
    assert_eq!(events.kinds(), ["started", "timeout"]);
}

#[tokio::test]
async fn every_exit_code_arrives() {
    let test = TestEngine::new();
    for code in [0, 1, 2, 42, 126, 127, 128, 255] {
        let result = test.run(child_request(&["exit", &code.to_string()])).await;
        assert_eq!((result.exit_code, result.signal.clone()), (Some(code), None));
    }
}

#[tokio::test]
async fn every_ending_signal_arrives_by_name() {
    let test = TestEngine::new();
    for name in ["HUP", "ABRT", "KILL", "SEGV", "TERM", "USR1"] {
        let result = test.run(ExecutionRequest::shell(format!("kill -{name} $$"))).await;
        assert_eq!((result.exit_code, result.signal.clone()), (None, Some(format!("SIG{name}"))));
        assert_eq!(result.error.as_ref().unwrap().code, FailureCode::KilledBySignal);
    }
}

/// A repeated shutdown used to count as a second cancel, and killed at once.
#[tokio::test]
async fn a_shutdown_on_top_of_a_cancel_leaves_the_grace_period_alone() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let line = "trap 'sleep 0.3; echo cleaned; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let request = ExecutionRequest::shell(line).kill_grace_ms(60_000);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("ready").await;
    test.engine.cancel(id).unwrap();
    tokio::join!(test.engine.shutdown(), test.engine.shutdown());
    let result = test.wait(id).await;
    assert_eq!((result.exit_code, result.status), (Some(3), ExecutionStatus::Cancelled));
    assert!(result.stdout.contains("cleaned"), "{}", result.stdout);
}

#[tokio::test]
async fn a_tree_of_processes_goes_to_its_last_leaf() {
    let line = format!("'{}' tree 3", integration_tests::child());
    assert_eq!(cancel_takes_all(&line, 60_000).await.signal.as_deref(), Some("SIGTERM"));
}

/// What forks while it is being stopped escapes a list of processes that was made a moment before.
#[tokio::test]
async fn a_tree_that_forks_while_it_is_stopped_leaves_no_process() {
    for deaf in ["", "trap '' TERM; "] {
        let test = TestEngine::new();
        let events = EventLog::new();
        let line = format!(
            "{deaf}i=0; while [ $i -lt 3000 ]; do sleep 1000 & i=$((i+1)); [ $i = 20 ] && echo ready; done; \
             wait"
        );
        let request = ExecutionRequest::shell(line).kill_grace_ms(100);
        let id = test.engine.execute_with(request, events.clone()).unwrap();
        events.line("ready").await;
        test.engine.cancel(id).unwrap();
        assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
        eventually("none is left", || marked(id).is_empty()).await;
    }
}

/// The end, the timeout and the cancel all at once.
#[tokio::test(flavor = "multi_thread")]
async fn racing_ends_make_exactly_one_end() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(4).kill_grace_ms(50));
    let mut running = Vec::new();
    for _ in 0..100 {
        let events = EventLog::new();
        let request = ExecutionRequest::shell("sleep 0.02").timeout_ms(20);
        let id = test.engine.execute_with(request, events.clone()).unwrap();
        let (engine, started) = (test.engine.clone(), events.clone());
        let canceller = tokio::spawn(async move {
            started.until(|events| (!matches!(events.last()?.kind, EventKind::Queued)).then_some(())).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            engine.cancel(id)
        });
        running.push((id, events, canceller));
    }
    for (id, events, canceller) in running {
        let status = test.wait(id).await.status;
        canceller.await.unwrap().unwrap();
        assert!(status != ExecutionStatus::Failed, "{status:?}");
        assert_eq!(events.all().iter().filter(|event| event.kind.is_terminal()).count(), 1);
        assert!(marked(id).is_empty());
    }
}

#[tokio::test]
async fn an_ended_execution_cannot_be_cancelled() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::shell("exit 3")).await;
    assert!(!test.engine.cancel(result.id).unwrap());
    assert_eq!(test.engine.get_status(result.id).unwrap(), ExecutionStatus::Failed);
}

#[tokio::test]
async fn the_signal_of_the_request_stops_the_whole_tree() {
    let line = "trap 'echo group; exit 3' USR1; \
                setsid sh -c 'trap \"echo outside; exit 0\" USR1; echo ready; while :; do sleep 0.05; done' & \
                while :; do sleep 0.05; done";
    let test = TestEngine::new();
    let events = EventLog::new();
    let request = ExecutionRequest::shell(line).kill_signal("SIGUSR1").kill_grace_ms(600_000);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("ready").await;
    assert!(test.engine.cancel(id).unwrap());
    let result = test.wait(id).await;
    assert_eq!((result.status, result.exit_code), (ExecutionStatus::Cancelled, Some(3)));
    assert!(result.stdout.contains("group\n") && result.stdout.contains("outside\n"), "{}", result.stdout);
    assert!(test.engine.read_logs(id).await.unwrap().contains("SIGUSR1"));
}

#[tokio::test]
async fn the_signal_of_the_request_is_sent_for_any_cause() {
    let line = "trap 'exit 3' INT; echo 0123456789; while :; do sleep 0.05; done";
    let request = ExecutionRequest::shell(line)
        .kill_signal("SIGINT")
        .kill_grace_ms(600_000)
        .max_output_size_bytes(5)
        .oversized_output(OversizedOutputStrategy::FailExecution);
    assert_eq!(TestEngine::new().run(request).await.exit_code, Some(3));
}

#[tokio::test]
async fn with_sigkill_as_its_signal_an_execution_has_no_grace_period() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let line = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    let request = ExecutionRequest::shell(line).kill_signal("SIGKILL").kill_grace_ms(3_600_000);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("ready").await;
    assert!(test.engine.cancel(id).unwrap());
    assert_eq!(test.wait(id).await.signal.as_deref(), Some("SIGKILL"));
}
