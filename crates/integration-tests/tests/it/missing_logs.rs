//! Why there is no log to read.

use execution_engine::{EngineError, ExecutionRequest, LogPosition};
use integration_tests::TestEngine;
use uuid::Uuid;

/// What each way to read a log says.
async fn refusals(test: &TestEngine, id: Uuid) -> Vec<EngineError> {
    let from = LogPosition::START;
    vec![
        test.engine.read_logs(id).await.unwrap_err(),
        test.engine.read_log_records(id, from, 1).await.unwrap_err(),
        test.engine.follow_log_records(id, from, 1).await.unwrap_err(),
    ]
}

fn assert_unreadable(refusals: &[EngineError], why: &str) {
    for refusal in refusals {
        assert_eq!(refusal.code(), "LOG_UNREADABLE", "{refusal}");
        assert!(refusal.to_string().contains(why), "{refusal}");
    }
}

#[tokio::test]
async fn a_log_that_is_gone_is_named() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::shell("echo x")).await;
    let log = result.log_path.clone().unwrap();
    std::fs::rename(&log, log.with_extension("old")).unwrap();
    assert_unreadable(&refusals(&test, result.id).await, &format!("{} was moved", log.display()));
    std::fs::remove_dir_all(test.log_dir()).unwrap();
    assert_unreadable(&refusals(&test, result.id).await, log.to_str().unwrap());
}

#[tokio::test]
async fn an_execution_that_never_started_has_no_log_and_says_so() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1));
    let failed = test.run(ExecutionRequest::exec::<&str>("/no/such/program", [])).await;
    assert_unreadable(&refusals(&test, failed.id).await, "never started");
    let running = test.engine.execute(ExecutionRequest::shell("sleep 1000")).unwrap();
    let waiting = test.engine.execute(ExecutionRequest::shell("echo x")).unwrap();
    assert_eq!(test.engine.read_logs(waiting).await.unwrap(), "", "its log is still to begin");
    let page = test.engine.read_log_records(waiting, LogPosition::START, 1).await.unwrap();
    assert!(page.records.is_empty() && page.at_end && !page.has_ended);
    test.engine.cancel(waiting).unwrap();
    assert_unreadable(&refusals(&test, test.wait(waiting).await.id).await, "never started");
    test.engine.kill(running).unwrap();
    test.wait(running).await;
}

#[tokio::test]
async fn an_engine_without_logging_says_so() {
    let test = TestEngine::with(|config| config.logging(false));
    let id = test.engine.execute(ExecutionRequest::shell("sleep 1000")).unwrap();
    assert_unreadable(&refusals(&test, id).await, "`logging` is off");
    test.engine.kill(id).unwrap();
    test.wait(id).await;
    assert_unreadable(&refusals(&test, id).await, "`logging` is off");
}

#[tokio::test]
async fn a_log_that_could_not_be_written_says_why() {
    let test = TestEngine::new();
    std::fs::write(test.log_dir(), "a file").unwrap();
    let result = test.run(ExecutionRequest::shell("echo x")).await;
    let why = result.log_error.as_ref().unwrap();
    assert!(why.contains(test.log_dir().to_str().unwrap()), "{why}");
    std::fs::remove_file(test.log_dir()).unwrap();
    assert_unreadable(&refusals(&test, result.id).await, why);
}

#[tokio::test]
async fn an_unknown_id_is_unknown() {
    let test = TestEngine::new();
    for refusal in refusals(&test, Uuid::now_v7()).await {
        assert_eq!(refusal.code(), "NOT_FOUND", "{refusal}");
    }
}
