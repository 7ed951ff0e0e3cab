//! G18: the concurrency limit holds exactly, first come first served.

use execution_engine::{EventKind, ExecutionRequest};
use integration_tests::{EventLog, TestEngine};

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
async fn those_who_wait_start_in_the_order_of_their_calls() {
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
async fn who_counts_events_never_sees_more_than_the_limit() {
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
