//! An id names one execution, also after the program that ran it: no execution is taken for another.

use execution_engine::{
    EngineError, ExecutionRequest, ExecutionResult, LogPosition, LogRecordKind, LogState,
    OversizedOutputStrategy, Stdin,
};
use integration_tests::{EventLog, TestEngine, eventually};
use uuid::Uuid;

/// An engine of another program, on the folder of this one.
fn beside(test: &TestEngine) -> TestEngine {
    TestEngine::with(|config| config.log_dir(test.log_dir()))
}

async fn run_as(test: &TestEngine, id: Uuid, line: &str) -> std::sync::Arc<ExecutionResult> {
    test.run(ExecutionRequest::shell(line).id(id)).await
}

fn refusal(test: &TestEngine, id: Uuid) -> EngineError {
    let proof = test.dir.path().join("it-ran");
    let line = format!("touch '{}'", proof.display());
    let refused = test.engine.execute(ExecutionRequest::shell(line).id(id)).unwrap_err();
    assert!(!proof.exists(), "nothing was run");
    refused
}

#[tokio::test]
async fn an_id_whose_log_an_earlier_program_left_is_refused_and_the_file_named() {
    let (first, id) = (TestEngine::new(), Uuid::now_v7());
    let log = run_as(&first, id, "echo first").await.log_path.clone().unwrap();
    let refused = refusal(&beside(&first), id);
    assert_eq!(refused.code(), "DUPLICATE_ID");
    assert!(refused.to_string().contains(&log.display().to_string()), "{refused}");
    assert!(std::fs::read_to_string(log).unwrap().contains("O  first\n"));
}

#[tokio::test]
async fn an_id_that_memory_no_longer_holds_is_refused_as_long_as_its_log_is_there() {
    let test = TestEngine::with(|config| config.max_retained_executions(0));
    let id = Uuid::now_v7();
    let log = run_as(&test, id, "echo first").await.log_path.clone().unwrap();
    eventually("it is dropped", || test.engine.get_status(id).is_err()).await;
    assert_eq!(refusal(&test, id).code(), "DUPLICATE_ID");
    std::fs::remove_file(log).unwrap();
    let again = run_as(&test, id, "echo again").await;
    assert_eq!((again.stdout.as_str(), &again.log_error), ("again\n", &None));
    assert!(test.engine.read_logs(id).await.unwrap().contains("O  again\n"));
}

/// The files of an execution whose log has several parts and whose output has a file: only those to keep.
async fn left_by_an_earlier_program(id: Uuid, is_kept: impl Fn(&str) -> bool) -> TestEngine {
    let first = TestEngine::with(|config| {
        let config = config.max_log_size_bytes(4096).max_log_files(3).max_output_size_bytes(100);
        config.oversized_output(OversizedOutputStrategy::StreamToFile)
    });
    let result = run_as(&first, id, "seq 3000").await;
    assert!(result.output_files.stdout.is_some() && result.log_error.is_none(), "{result:#?}");
    for entry in std::fs::read_dir(first.log_dir()).unwrap() {
        let path = entry.unwrap().path();
        if !is_kept(path.file_name().unwrap().to_str().unwrap().split_once('.').unwrap().1) {
            std::fs::remove_file(path).unwrap();
        }
    }
    first
}

#[tokio::test]
async fn an_id_is_taken_as_long_as_its_output_is_there() {
    let id = Uuid::now_v7();
    let first = left_by_an_earlier_program(id, |suffix| suffix == "stdout").await;
    let refused = refusal(&beside(&first), id);
    assert_eq!(refused.code(), "DUPLICATE_ID");
    assert!(refused.to_string().contains(&format!("{id}.stdout")), "{refused}");
}

/// A cleaner removes the oldest files first.
#[tokio::test]
async fn the_later_parts_of_an_earlier_log_belong_to_no_other() {
    let id = Uuid::now_v7();
    let first = left_by_an_earlier_program(id, |suffix| suffix != "log" && suffix != "stdout").await;
    let parts = std::fs::read_dir(first.log_dir()).unwrap().count();
    assert_eq!(parts, 2, "two that are not the first");
    let second = beside(&first);
    let result = run_as(&second, id, "echo second").await;
    assert_eq!((result.stdout.as_str(), &result.log_error), ("second\n", &None));
    let text = second.engine.read_logs(id).await.unwrap();
    assert_eq!(text.matches("O  ").count(), 1, "{text}");
    let page = second.engine.read_log_records(id, LogPosition::START, 100).await.unwrap();
    let outputs = page.records.iter().filter(|record| matches!(record.kind, LogRecordKind::Output { .. }));
    assert_eq!(outputs.count(), 1, "{page:?}");
    assert!(page.has_ended);
    let [log] = second.engine.list_logs().await.unwrap().try_into().unwrap();
    assert_eq!((log.state, log.parts.len()), (LogState::Ended, 1));
    assert_eq!(log.footer.unwrap().bytes.stdout, 7);
}

#[tokio::test]
async fn without_logging_no_log_takes_an_id() {
    let (first, id) = (TestEngine::new(), Uuid::now_v7());
    run_as(&first, id, "echo first").await;
    let silent = TestEngine::with(|config| config.log_dir(first.log_dir()).logging(false));
    let result = run_as(&silent, id, "echo second").await;
    assert_eq!((result.stdout.as_str(), &result.log_path), ("second\n", &None));
    assert_eq!(silent.engine.read_logs(id).await.unwrap_err().code(), "LOG_UNREADABLE");
}

/// Two programs that begin at the same moment both see no log. The first to begin its log has it.
#[tokio::test]
async fn of_two_that_begin_at_once_neither_answers_with_the_others_output() {
    let (first, id) = (TestEngine::new(), Uuid::now_v7());
    let second = beside(&first);
    let request = |name: &str| {
        ExecutionRequest::shell(format!("echo by the {name}; read go")).id(id).stdin(Stdin::Pipe)
    };
    let events = [EventLog::new(), EventLog::new()];
    // Neither log is begun before both are accepted: one thread runs both.
    first.engine.execute_with(request("first"), events[0].clone()).unwrap();
    second.engine.execute_with(request("second"), events[1].clone()).unwrap();
    events[0].line("by the first").await;
    events[1].line("by the second").await;
    for test in [&first, &second] {
        test.engine.close_stdin(id).await.unwrap();
    }
    let results = [first.wait(id).await, second.wait(id).await];
    let losers: Vec<_> = results.iter().filter(|result| result.log_path.is_none()).collect();
    assert_eq!(losers.len(), 1, "{results:#?}");
    let log = first.log_dir().join(format!("{id}.log")).display().to_string();
    let error = losers[0].log_error.as_ref().unwrap();
    assert!(error.contains("there is no log") && error.contains(&log), "{error}");
    for (test, result) in [&first, &second].into_iter().zip(&results) {
        let read = test.engine.read_logs(id).await;
        let page = test.engine.read_log_records(id, LogPosition::START, 10).await;
        let followed = test.engine.follow_log_records(id, LogPosition::START, 10).await;
        if result.log_path.is_none() {
            assert_eq!(read.unwrap_err().code(), "LOG_UNREADABLE");
            assert_eq!(page.unwrap_err().code(), "LOG_UNREADABLE");
            assert_eq!(followed.unwrap_err().code(), "LOG_UNREADABLE");
        } else {
            assert!(read.unwrap().contains(&format!("O  {}", result.stdout)));
            assert!(page.is_ok() && followed.is_ok());
        }
    }
}
