//! G19: nothing leaks.

use execution_engine::ExecutionRequest;
use integration_tests::{TestEngine, children, eventually};

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Tests of one binary run as threads of one process under `cargo test`: only a process of its own
/// (as under nextest) can count its descriptors.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_in_a_row_leave_no_descriptor_and_no_zombie() {
    if std::env::var_os("NEXTEST").is_none() {
        return;
    }
    let test = TestEngine::with(|config| config.max_retained_executions(50));
    test.run(ExecutionRequest::shell("true")).await;
    let before = open_descriptors();
    for _ in 0..20 {
        let ids: Vec<_> =
            (0..20).map(|_| test.engine.execute(ExecutionRequest::shell("echo x")).unwrap()).collect();
        for id in ids {
            test.wait(id).await;
        }
    }
    eventually("descriptors are closed", || open_descriptors() <= before).await;
    // The guard is the one child that stays.
    eventually("no zombie is left", || children().len() <= 1).await;
}
