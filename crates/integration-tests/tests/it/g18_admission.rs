//! G18: the concurrency limit holds exactly, first come first served.

use std::sync::Arc;
use std::time::Duration;

use execution_engine::{
    EventHandler, EventKind, ExecutionEngine, ExecutionEvent, ExecutionRequest, ExecutionStatus,
    HandlerFuture,
};
use integration_tests::{EventLog, TestEngine};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn never_more_than_the_limit_run_at_once() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(3));
    let place = test.dir.path().join("running");
    std::fs::create_dir(&place).unwrap();
    // Each counts those that run, itself included.
    let line = "touch $$; ls | wc -l; sleep 0.05; rm $$";
    let request = ExecutionRequest::shell(line).working_dir(place);
    let ids: Vec<_> = (0..20).map(|_| test.engine.execute(request.clone()).unwrap()).collect();
    let mut most = 0;
    for id in ids {
        most = most.max(test.wait(id).await.stdout.trim().parse().unwrap());
    }
    assert_eq!(most, 3);
}

#[tokio::test]
async fn queued_executions_start_in_the_order_of_their_calls() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1));
    let order = test.dir.path().join("order");
    let mut last = None;
    for i in 0..10 {
        let request = ExecutionRequest::shell(format!("echo {i} >> '{}'", order.display()));
        last = Some(test.engine.execute(request).unwrap());
    }
    test.wait(last.unwrap()).await;
    assert_eq!(std::fs::read_to_string(order).unwrap(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

#[tokio::test]
async fn a_full_queue_is_an_error_at_once() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1).max_queued_executions(1));
    let events = EventLog::new();
    let running =
        test.engine.execute_with(ExecutionRequest::shell("echo up; sleep 1000"), events.clone()).unwrap();
    events.line("up").await;
    let waiting = test.engine.execute(ExecutionRequest::shell("true")).unwrap();
    assert_eq!(test.engine.execute(ExecutionRequest::shell("true")).unwrap_err().code(), "QUEUE_FULL");
    test.engine.cancel(waiting).unwrap();
    test.wait(waiting).await;
    test.engine.execute(ExecutionRequest::shell("true")).expect("a place in line is free again");
    test.engine.cancel(running).unwrap();
    test.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_never_counts_more_than_the_limit() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(3));
    let log = EventLog::new();
    let ids: Vec<_> = (0..200)
        .map(|_| test.engine.execute_with(ExecutionRequest::exec("true", [""; 0]), log.clone()).unwrap())
        .collect();
    for id in ids {
        test.wait(id).await;
    }
    let mut running = 0;
    for event in log.all() {
        match event.kind {
            EventKind::Started { .. } => running += 1,
            EventKind::Completed { .. } => running -= 1,
            _ => {}
        }
        assert!(running <= 3, "{running} at once");
    }
    assert_eq!(running, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_calls_holds_for_a_caller_that_never_yields() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1).logging(false));
    let order = test.dir.path().join("order");
    // More than a task may do before the runtime wants it to yield.
    let mut last = None;
    for i in 0..300 {
        let request = ExecutionRequest::shell(format!("echo {i} >> '{}'", order.display()));
        last = Some(test.engine.execute(request).unwrap());
    }
    test.wait(last.unwrap()).await;
    let expected: String = (0..300).map(|i| format!("{i}\n")).collect();
    assert_eq!(std::fs::read_to_string(order).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_cancelled_while_it_starts_either_never_ran_or_is_recorded_as_started() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1).logging(false));
    let mut ended = Vec::new();
    for i in 0..300 {
        let file = test.dir.path().join(format!("touched-{i}"));
        let request = ExecutionRequest::exec("touch", [file.display().to_string()]);
        let id = test.engine.execute(request).unwrap();
        // From before the spawner has the order to after the spawn.
        tokio::time::sleep(Duration::from_micros(i * 10)).await;
        test.engine.cancel(id).unwrap();
        ended.push((test.wait(id).await, file));
    }
    test.engine.shutdown().await;
    for (result, file) in ended {
        assert!(
            result.started_at.is_some() || !file.exists(),
            "it ran, but its result says otherwise: {result:?}"
        );
    }
}

/// Cancels another execution when its own has ended and its events are not yet handled.
struct CancelsAtTheEnd(ExecutionEngine, Uuid);

impl EventHandler for CancelsAtTheEnd {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(async move {
            if matches!(event.kind, EventKind::Started { .. }) {
                while !self.0.get_status(event.execution_id).unwrap().is_terminal() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                // By now the other one has the slot, and waits for these events to be handled.
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.0.cancel(self.1).unwrap();
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_cancelled_in_the_queue_is_never_started() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1).logging(false));
    let mut never_started = Vec::new();
    for i in 0..30 {
        let file = test.dir.path().join(i.to_string());
        let waiting = Uuid::now_v7();
        let handler = Arc::new(CancelsAtTheEnd(test.engine.clone(), waiting));
        let events = EventLog::new();
        let first = test.engine.execute_with(ExecutionRequest::shell("true"), handler).unwrap();
        let request = ExecutionRequest::shell(format!("echo > '{}'", file.display())).id(waiting);
        test.engine.execute_with(request, events.clone()).unwrap();
        let result = test.wait(waiting).await;
        test.wait(first).await;
        // On a machine that is busy the slot's new holder may have been let go on before the cancel.
        if !events.kinds().contains(&"started") && result.status == ExecutionStatus::Cancelled {
            assert!(result.error.as_ref().unwrap().message.contains("before it started"), "{result:?}");
            never_started.push(file);
        }
    }
    test.engine.shutdown().await;
    let ran: Vec<_> = never_started.iter().filter(|file| file.exists()).collect();
    assert!(ran.is_empty(), "cancelled before it started, and ran: {} of {}", ran.len(), never_started.len());
}
