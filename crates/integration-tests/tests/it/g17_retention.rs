//! G17: finished executions stay as long as they should, and no longer.

use std::path::Path;
use std::time::{Duration, SystemTime};

use execution_engine::{
    ExecutionConfig, ExecutionFilter, ExecutionRequest, ExecutionStatus, OversizedOutputStrategy,
    RecoverOptions,
};
use integration_tests::{EventLog, TestEngine};
use uuid::Uuid;

/// Makes a file as old as no log may become.
fn age(path: &Path) {
    let retention = ExecutionConfig::default().log_retention_secs;
    let old = SystemTime::now() - Duration::from_secs(retention + 60);
    std::fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
}

#[tokio::test]
async fn retention_is_bounded_by_count_and_the_oldest_go_first() {
    let test = TestEngine::with(|config| config.max_retained_executions(3));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(test.run(ExecutionRequest::shell("true")).await.id);
    }
    let listed: Vec<_> =
        test.engine.list_executions(ExecutionFilter::default()).iter().map(|e| e.id).collect();
    assert_eq!(listed, ids[2..]);
    assert_eq!(test.engine.get_status(ids[0]).unwrap_err().code(), "NOT_FOUND");
}

#[tokio::test]
async fn a_live_execution_is_never_removed() {
    let test = TestEngine::with(|config| {
        config.max_retained_executions(0).execution_retention_secs(0).log_retention_secs(0)
    });
    let events = EventLog::new();
    let id =
        test.engine.execute_with(ExecutionRequest::shell("echo up; sleep 1000"), events.clone()).unwrap();
    events.line("up").await;
    test.engine.cleanup_old_executions().await;
    assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Running);
    let waiting = tokio::spawn({
        let engine = test.engine.clone();
        async move { engine.wait_for_completion(id).await }
    });
    tokio::task::yield_now().await;
    test.engine.cancel(id).unwrap();
    assert_eq!(
        waiting.await.unwrap().unwrap().status,
        ExecutionStatus::Cancelled,
        "a waiter gets its result"
    );
}

#[tokio::test]
async fn cleanup_removes_by_age_and_deletes_old_logs_and_nothing_else() {
    let test = TestEngine::with(|config| {
        config
            .execution_retention_secs(0)
            .log_retention_secs(0)
            .cleanup_interval_secs(3600)
            .max_retained_executions(10)
    });
    let first = test.run(ExecutionRequest::shell("echo hello")).await;
    let log = first.log_path.clone().unwrap();
    let foreign = test.log_dir().join("notes.txt");
    std::fs::write(&foreign, "mine").unwrap();
    test.engine.cleanup_old_executions().await;
    assert_eq!(test.engine.get_status(first.id).unwrap_err().code(), "NOT_FOUND");
    assert!(!log.exists());
    assert!(foreign.exists(), "only own files are deleted");
}

/// Executions are dropped while others wait for them, and while new ones arrive. (On one thread, so that all
/// waiters wait before the first execution can end.)
#[tokio::test]
async fn under_load_no_waiter_misses_its_result_and_no_more_are_kept() {
    let test = TestEngine::with(|config| {
        config.max_concurrent_executions(16).max_retained_executions(5).log_retention_secs(0)
    });
    let waiters: Vec<_> = (0..400)
        .map(|n| {
            let id = test.engine.execute(ExecutionRequest::exec("echo", [n.to_string()])).unwrap();
            let engine = test.engine.clone();
            tokio::spawn(async move { (n, engine.wait_for_completion(id).await) })
        })
        .collect();
    let cleaner = {
        let engine = test.engine.clone();
        tokio::spawn(async move {
            loop {
                engine.cleanup_old_executions().await;
            }
        })
    };
    for waiter in waiters {
        let (n, result) = waiter.await.unwrap();
        assert_eq!(result.unwrap().stdout, format!("{n}\n"));
    }
    cleaner.abort();
    assert!(test.engine.list_executions(ExecutionFilter::default()).len() <= 5);
    test.engine.cleanup_old_executions().await;
    assert_eq!(std::fs::read_dir(test.log_dir()).unwrap().count(), 0, "no log is left behind");
}

/// They used to be deleted by name and age alone, with logging off, too.
#[tokio::test]
async fn a_users_own_file_that_is_only_named_like_a_log_is_never_deleted() {
    for logging in [true, false] {
        let test = TestEngine::with(|config| config.logging(logging));
        std::fs::create_dir(test.log_dir()).unwrap();
        let id = Uuid::now_v7();
        let own = ["log", "2.log", "stdout", "stderr"].map(|end| test.log_dir().join(format!("{id}.{end}")));
        for path in &own {
            std::fs::write(path, "my own notes\n").unwrap();
            age(path);
        }
        let report = test.engine.cleanup_old_executions().await;
        assert_eq!((report.files, report.bytes), (0, 0));
        for path in &own {
            assert_eq!(std::fs::read_to_string(path).unwrap(), "my own notes\n");
        }
    }
}

#[tokio::test]
async fn an_old_log_is_deleted_with_its_output_files_even_with_logging_off() {
    let test = TestEngine::with(|config| config.max_output_size_bytes(10));
    let result = test
        .run(ExecutionRequest::shell("seq 100").oversized_output(OversizedOutputStrategy::StreamToFile))
        .await;
    let files = [result.log_path.clone().unwrap(), result.output_files.stdout.clone().unwrap()];
    for path in &files {
        age(path);
    }
    let later = TestEngine::with(|config| config.log_dir(test.log_dir()).logging(false));
    let report = later.engine.cleanup_old_executions().await;
    assert_eq!(report.files, 2);
    assert!(report.bytes > 0 && files.iter().all(|path| !path.exists()));
}

/// Without a log beside them, only the engine that wrote them knows that they are its own.
#[tokio::test]
async fn files_of_whole_streams_go_by_age_without_a_log_too() {
    let test =
        TestEngine::with(|config| config.max_output_size_bytes(10).logging(false).log_retention_secs(0));
    let result = test
        .run(
            ExecutionRequest::shell("seq 100; seq 100 >&2")
                .oversized_output(OversizedOutputStrategy::StreamToFile),
        )
        .await;
    let files = [result.output_files.stdout.clone().unwrap(), result.output_files.stderr.clone().unwrap()];
    test.engine.cleanup_old_executions().await;
    assert!(files.iter().all(|path| !path.exists()));
}

/// Looking for old or interrupted logs used to make the folder that it looked into.
#[tokio::test]
async fn without_logging_no_folder_is_made_whatever_is_asked() {
    let test = TestEngine::with(|config| config.logging(false));
    let result = test.run(ExecutionRequest::shell("echo hello")).await;
    test.engine.cleanup_old_executions().await;
    assert_eq!(test.engine.read_logs(result.id).await.unwrap_err().code(), "LOG_UNREADABLE");
    assert_eq!(test.engine.recover(RecoverOptions::default()).await.unwrap(), []);
    assert!(!test.log_dir().exists());
}
