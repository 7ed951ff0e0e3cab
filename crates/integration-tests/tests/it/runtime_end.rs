//! A runtime that is shut down takes its tasks with it: their executions end nevertheless.

use std::sync::Arc;
use std::time::{Duration, Instant};

use execution_engine::{
    ExecutionConfig, ExecutionEngine, ExecutionFilter, ExecutionRequest, ExecutionResult, ExecutionStatus,
};
use integration_tests::{DEADLINE, EventLog, eventually, is_running};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

struct Test {
    engine: ExecutionEngine,
    running: Uuid,
    queued: Uuid,
    events: Arc<EventLog>,
    pid: u32,
    _dir: TempDir,
}

/// An engine with one execution that runs and one that waits.
fn begin(runtime: &Runtime) -> Test {
    let dir = tempfile::tempdir().unwrap();
    let config = ExecutionConfig::default().log_dir(dir.path()).max_concurrent_executions(1);
    runtime.block_on(async {
        let engine = ExecutionEngine::new(config).unwrap();
        let events = EventLog::new();
        let request = ExecutionRequest::shell("echo up; sleep 1000");
        let running = engine.execute_with(request, events.clone()).unwrap();
        events.line("up").await;
        let queued = engine.execute(ExecutionRequest::shell("true")).unwrap();
        let pid = engine.get_summary(running).unwrap().pid.unwrap();
        Test { engine, running, queued, events, pid, _dir: dir }
    })
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn wait(engine: &ExecutionEngine, id: Uuid) -> Arc<ExecutionResult> {
    let waited =
        runtime().block_on(async { tokio::time::timeout(DEADLINE, engine.wait_for_completion(id)).await });
    waited.expect("the result comes").expect("a known id")
}

#[test]
fn a_waiter_gets_a_result_when_the_runtime_ends() {
    let its_own = runtime();
    let test = begin(&its_own);
    let (engine, running) = (test.engine.clone(), test.running);
    let waiter = std::thread::spawn(move || wait(&engine, running));
    drop(its_own);
    for result in [waiter.join().unwrap(), wait(&test.engine, test.running), wait(&test.engine, test.queued)]
    {
        assert_eq!(result.status, ExecutionStatus::Interrupted);
        assert_eq!(result.error.as_ref().unwrap().code.as_str(), "INTERRUPTED");
    }
    assert_eq!(test.events.kinds(), ["started", "failed"], "the terminal event comes, and comes last");
    // It was killed; when it is gone is the system's affair.
    runtime().block_on(eventually("its process is gone", || !is_running(test.pid)));
    let all = test.engine.list_executions(ExecutionFilter::default());
    assert!(all.iter().all(|summary| summary.status == ExecutionStatus::Interrupted), "{all:?}");
}

#[test]
fn a_request_after_the_end_of_the_runtime_ends_at_once() {
    let its_own = runtime();
    let test = begin(&its_own);
    drop(its_own);
    let id = test.engine.execute(ExecutionRequest::shell("true")).unwrap();
    assert_eq!(wait(&test.engine, id).status, ExecutionStatus::Interrupted);
}

#[test]
fn nothing_is_left_to_abort_when_the_runtime_has_ended() {
    let its_own = runtime();
    let test = begin(&its_own);
    drop(its_own);
    let asked = Instant::now();
    test.engine.abort_now();
    // It would wait for two seconds.
    assert!(asked.elapsed() < Duration::from_millis(1900), "it waited for what is over");
}
