//! Requests that are refused, and calls that come too late or ask for the unknown.

use execution_engine::{EngineError, ExecutionConfig, ExecutionEngine};
use integration_tests::{TestEngine, child_request};
use uuid::Uuid;

#[tokio::test]
async fn a_taken_id_is_refused_and_the_first_one_goes_on() {
    let test = TestEngine::new();
    let id = Uuid::now_v7();
    let with_id = || child_request(&["args", "first"]).id(id);
    assert_eq!(test.engine.execute(with_id()).unwrap(), id);
    assert_eq!(test.engine.execute(with_id()).unwrap_err(), EngineError::DuplicateId(id));
    assert_eq!(test.wait(id).await.stdout, r#"["first"]"#);
    assert_eq!(test.engine.execute(with_id()).unwrap_err().code(), "DUPLICATE_ID", "also when it has ended");
}

#[tokio::test]
async fn every_call_on_an_unknown_id_says_so() {
    let test = TestEngine::new();
    let id = Uuid::now_v7();
    let engine = &test.engine;
    assert_eq!(engine.get_status(id).unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.get_result(id).unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.get_summary(id).unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.cancel(id).unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.kill(id).unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.wait_for_completion(id).await.unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.write_stdin(id, vec![]).await.unwrap_err(), EngineError::NotFound(id));
    assert_eq!(engine.read_logs(id).await.unwrap_err(), EngineError::NotFound(id));
}

#[tokio::test]
async fn a_bad_configuration_names_field_value_and_what_is_allowed() {
    let error = ExecutionEngine::new(ExecutionConfig::default().max_log_files(1)).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("max_log_files") && message.contains('1') && message.contains("from 2"),
        "{message}"
    );
}

#[test]
fn an_engine_outside_a_runtime_is_refused() {
    assert_eq!(ExecutionEngine::new(ExecutionConfig::default()).unwrap_err(), EngineError::NoRuntime);
}

#[tokio::test]
async fn environment_and_folder_are_as_asked() {
    let test = TestEngine::new();
    let mut request = child_request(&["env"]);
    request.inherit_env = execution_engine::InheritEnv::All(false);
    request.env.insert("ONLY".into(), Some("this".into()));
    let result = test.run(request).await;
    let env: std::collections::BTreeMap<String, String> = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(env.get("ONLY").map(String::as_str), Some("this"));
    assert!(!env.contains_key("HOME"), "{env:?}");

    let request = child_request(&["cwd"]).working_dir(test.dir.path().to_path_buf());
    let shown = test.run(request).await.stdout.clone();
    assert_eq!(std::fs::canonicalize(shown).unwrap(), std::fs::canonicalize(test.dir.path()).unwrap());
}

#[tokio::test]
async fn the_result_has_process_id_times_and_usage() {
    let result = TestEngine::new().run(child_request(&["bytes", "1000000"])).await;
    let usage = result.resource_usage.expect("usage comes with the reaping");
    assert!(usage.max_rss_bytes.is_none_or(|bytes| bytes > 100_000), "{usage:?}");
    assert!(result.started_at.unwrap() <= result.completed_at);
    assert_eq!(result.containment, execution_engine::Containment::Group);
}
