//! G2: starting never blocks the caller, and costs the same in a host of any size.

use std::process::Command;

use execution_engine::{ExecutionRequest, ExecutionStatus};
use integration_tests::{Host, TestEngine, child, have};

#[tokio::test]
async fn accepting_waits_for_nothing() {
    let test = TestEngine::new();
    // The runtime is this thread: what `execute` would wait for could not happen.
    let id = test.engine.execute(ExecutionRequest::shell("sleep 1000")).unwrap();
    assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Pending);
    assert!(!test.log_dir().exists(), "the disk was not touched");
    test.engine.cancel(id).unwrap();
    test.wait(id).await;
}

/// A fork copies the page tables: 90 ms in a host of 3 GB.
#[test]
fn a_start_copies_nothing_of_the_host() {
    if !have("strace", &["-o", "/dev/null", "true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o"]).arg(&trace);
    let mut host = Host::from(command.arg(child()).arg("host").arg(dir.path().join("logs")).arg("exec true"));
    assert_eq!(host.result()["exit_code"], 0);
    host.kill();
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains("vfork") || trace.contains("CLONE_VFORK"), "{trace}");
    // Threads share everything; processes are started without a copy.
    for line in trace.lines().filter(|line| line.contains("clone") || line.contains("fork(")) {
        let is_cheap =
            ["CLONE_THREAD", "CLONE_VFORK", "vfork(", "resumed"].iter().any(|how| line.contains(how));
        assert!(is_cheap, "{line}");
    }
}
