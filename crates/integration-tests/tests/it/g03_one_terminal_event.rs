//! G3: exactly one terminal event, last, whatever happens.

use std::sync::Arc;

use execution_engine::{EventKind, ExecutionEvent, ExecutionRequest, ExecutionStatus};
use integration_tests::{EventLog, TestEngine, child_request};

fn assert_one_terminal_event_last(events: &[ExecutionEvent]) {
    let terminal = events.iter().filter(|event| event.kind.is_terminal()).count();
    assert_eq!(terminal, 1, "{events:?}");
    assert!(events.last().unwrap().kind.is_terminal(), "{events:?}");
}

#[tokio::test]
async fn events_come_in_the_documented_order() {
    let test = TestEngine::new();
    let (_, events) = test.run_observed(ExecutionRequest::shell("echo out; echo err >&2")).await;
    assert_eq!(events.kinds(), ["started", "completed"]);
    assert_eq!(events.lines().len(), 2);
    assert_one_terminal_event_last(&events.all());
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_without_a_start() {
    let test = TestEngine::new();
    let (result, events) =
        test.run_observed(ExecutionRequest::exec::<&str>("no-such-program-here", [])).await;
    assert_eq!(events.kinds(), ["failed"]);
    assert_eq!(result.status, ExecutionStatus::Failed);
    assert_one_terminal_event_last(&events.all());
}

#[tokio::test]
async fn every_event_was_delivered_when_the_result_comes() {
    let test = TestEngine::new();
    let (_, events) = test.run_observed(child_request(&["lines", "50000"])).await;
    assert_eq!(events.lines().len(), 50_000);
    assert_one_terminal_event_last(&events.all());
}

#[tokio::test]
async fn cancelling_while_queued_never_starts_it() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1));
    let (first, second) = (EventLog::new(), EventLog::new());
    let running =
        test.engine.execute_with(ExecutionRequest::shell("echo up; exec sleep 1000"), first.clone()).unwrap();
    first.line("up").await;
    let queued = test.engine.execute_with(ExecutionRequest::shell("echo never"), second.clone()).unwrap();
    assert_eq!(test.engine.get_status(queued).unwrap(), ExecutionStatus::Pending);
    assert!(test.engine.cancel(queued).unwrap());
    assert_eq!(test.wait(queued).await.status, ExecutionStatus::Cancelled);
    assert_eq!(second.kinds(), ["queued", "cancelled"]);
    test.engine.cancel(running).unwrap();
    test.wait(running).await;
    assert!(!test.engine.cancel(running).unwrap(), "an ended execution is not live");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_at_any_moment_ends_it_once() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(4));
    let mut running = Vec::new();
    for i in 0..200_u32 {
        let events = EventLog::new();
        let id = test.engine.execute_with(ExecutionRequest::shell("echo a; echo b"), events.clone()).unwrap();
        let engine = test.engine.clone();
        let canceller = tokio::spawn(async move {
            for _ in 0..(i % 40) * 5 {
                tokio::task::yield_now().await;
            }
            engine.cancel(id)
        });
        running.push((id, events, canceller));
    }
    for (id, events, canceller) in running {
        canceller.await.unwrap().unwrap();
        let result = test.wait(id).await;
        assert!(
            matches!(result.status, ExecutionStatus::Completed | ExecutionStatus::Cancelled),
            "{result:?}"
        );
        assert_one_terminal_event_last(&events.all());
    }
}

#[tokio::test]
async fn a_handler_that_panics_harms_no_other() {
    let test = TestEngine::new();
    let panicking = |event: ExecutionEvent| {
        assert!(!matches!(event.kind, EventKind::Stdout { .. }), "this handler cannot bear output");
    };
    let id =
        test.engine.execute_with(ExecutionRequest::shell("echo a; echo b"), Arc::new(panicking)).unwrap();
    let result = test.wait(id).await;
    assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Completed, "a\nb\n"));
}

#[tokio::test]
async fn shutdown_ends_everything_and_takes_nothing_new() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(2));
    let logs: Vec<_> = (0..5).map(|_| EventLog::new()).collect();
    for events in &logs {
        test.engine.execute_with(ExecutionRequest::shell("sleep 1000"), events.clone()).unwrap();
    }
    test.engine.shutdown().await;
    for events in &logs {
        assert_eq!(events.kinds().last(), Some(&"cancelled"));
        assert_one_terminal_event_last(&events.all());
    }
    let refused = test.engine.execute(ExecutionRequest::shell("true")).unwrap_err();
    assert_eq!(refused.code(), "SHUT_DOWN");
}
