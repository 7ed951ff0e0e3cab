//! G11: a host that ends, or ends a part of itself, leaves nothing. (Node's ways to end are tested through
//! Node.)

use std::process::Command;

use execution_engine::{ExecutionConfig, ExecutionEngine, ExecutionRequest, ExecutionStatus};
use integration_tests::{EventLog, Host, TestEngine, child, children, eventually, have, is_running, marked};
use tokio::runtime::Runtime;

const TREE: &str = "sleep 1000 & echo pid $!; setsid sleep 1000 & echo pid $!; echo ready; wait";

#[test]
fn a_runtime_that_is_dropped_takes_its_children_along() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let (id, _engine) = runtime.block_on(async {
        let config = ExecutionConfig::default().log_dir(dir.path().join("logs"));
        let engine = ExecutionEngine::new(config).unwrap();
        let events = EventLog::new();
        let id = engine.execute_with(ExecutionRequest::shell(TREE), events.clone()).unwrap();
        events.line("ready").await;
        // One that is just becoming `sleep` has no environment for a moment.
        eventually("the tree is there", || marked(id).len() >= 3).await;
        (id, engine)
    });
    drop(runtime);
    let outside = Runtime::new().unwrap();
    outside.block_on(eventually("none is left", || marked(id).is_empty()));
    outside.block_on(eventually("nor a zombie", || children().len() <= 1));
}

/// An engine is a handle: what it was asked to run goes on without it.
#[tokio::test]
async fn an_engine_that_is_dropped_lets_its_executions_end() {
    let test = TestEngine::new();
    let events = EventLog::new();
    test.engine.execute_with(ExecutionRequest::shell("sleep 0.2; echo late"), events.clone()).unwrap();
    let TestEngine { engine, dir } = test;
    drop(engine);
    events.line("late").await;
    events.until(|events| events.last()?.kind.is_terminal().then_some(())).await;
    drop(dir);
}

#[tokio::test]
async fn a_shutdown_leaves_no_process_no_zombie_and_whole_logs() {
    let test = TestEngine::with(|config| config.kill_grace_ms(200));
    let mut running = Vec::new();
    for _ in 0..5 {
        let events = EventLog::new();
        let id = test.engine.execute_with(ExecutionRequest::shell(TREE), events.clone()).unwrap();
        events.line("ready").await;
        running.push(id);
    }
    test.engine.shutdown().await;
    for id in running {
        assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Cancelled);
        assert!(marked(id).is_empty());
        let log = test.engine.read_logs(id).await.unwrap();
        assert!(log.lines().last().unwrap().starts_with("#end "), "{log}");
    }
    // Also the guard: there is nothing to watch.
    eventually("no child is left", || children().is_empty()).await;
    assert!(is_running(std::process::id()));
}

/// A program that ignores SIGCHLD, as daemons did, has its children reaped by the kernel: their exit codes
/// are gone. (Noted by duct, whose caller may have set `SIG_IGN`.)
#[test]
fn a_host_that_ignores_sigchld_gets_a_warning_and_does_not_hang() {
    if !have("env", &["--ignore-signal=CHLD", "true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("env");
    command
        .args(["--ignore-signal=CHLD", &child(), "host"])
        .arg(dir.path().join("logs"))
        .arg("echo said; exit 3");
    let mut host = Host::from(&mut command);
    let result = host.result();
    assert_eq!(result["stdout"], "said\n");
    assert_eq!((&result["status"], &result["error"]["code"]), (&"failed".into(), &"EXIT_STATUS_LOST".into()));
}
