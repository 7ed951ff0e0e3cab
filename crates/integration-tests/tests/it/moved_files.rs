//! Logs and output files that others rename, replace or delete while they are written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use execution_engine::{
    ExecutionEvent, ExecutionRequest, ExecutionResult, ExecutionStatus, OversizedOutputStrategy, Stdin,
};
use integration_tests::{EventLog, TestEngine, eventually};
use uuid::Uuid;

/// Runs a command that writes before and after `disturb`, which gets the log folder and the id.
async fn disturbed(test: &TestEngine, disturb: impl FnOnce(&Path, Uuid)) -> Arc<ExecutionResult> {
    let line = "seq 1000; echo before >&2; read go; seq 1000; echo after >&2";
    let request = ExecutionRequest::shell(line)
        .stdin(Stdin::Pipe)
        .max_output_size_bytes(1000)
        .oversized_output(OversizedOutputStrategy::StreamToFile);
    let events = EventLog::new();
    let id = test.engine.execute_with(request, Arc::<EventLog>::clone(&events)).unwrap();
    events.line("before").await;
    let files = ["stdout", "log"].map(|name| test.log_dir().join(format!("{id}.{name}")));
    let has_content = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.len() > 1000);
    eventually("both files have what was written", || files.iter().all(has_content)).await;
    disturb(&test.log_dir(), id);
    test.engine.close_stdin(id).await.unwrap();
    let result = test.wait(id).await;
    assert_eq!((result.status, result.stderr.as_str()), (ExecutionStatus::Completed, "before\nafter\n"));
    result
}

fn names(result: &ExecutionResult, path: &Path) {
    let error = result.log_error.as_ref().expect("the loss is said");
    assert!(error.contains(&path.display().to_string()), "{error}");
}

#[tokio::test]
async fn a_log_that_was_renamed_is_missed_and_not_named() {
    let test = TestEngine::new();
    let mut log = PathBuf::new();
    let result = disturbed(&test, |folder, id| {
        log = folder.join(format!("{id}.log"));
        std::fs::rename(&log, log.with_extension("log.1")).unwrap();
    })
    .await;
    assert_eq!(result.log_path, None);
    names(&result, &log);
    let moved = std::fs::read_to_string(log.with_extension("log.1")).unwrap();
    assert!(moved.contains("E  after\n") && moved.contains("\n#end "), "the end is where the log is now");
    assert!(!result.stdout.contains("left out; it was not logged"), "the output file is there");
}

/// What logrotate does with `create`: another file has the name then.
#[tokio::test]
async fn a_log_that_was_replaced_is_missed_and_the_other_file_is_not_taken_for_it() {
    let test = TestEngine::new();
    let result = disturbed(&test, |folder, id| {
        let log = folder.join(format!("{id}.log"));
        std::fs::rename(&log, log.with_extension("log.1")).unwrap();
        std::fs::write(&log, "").unwrap();
    })
    .await;
    assert_eq!(result.log_path, None);
    names(&result, &test.log_dir().join(format!("{}.log", result.id)));
    assert_eq!(test.engine.read_logs(result.id).await.unwrap_err().code(), "LOG_UNREADABLE");
    assert_eq!(test.engine.get_summary(result.id).unwrap().log_path, None);
}

#[tokio::test]
async fn a_part_that_was_moved_is_missed_and_the_first_still_named() {
    let test = TestEngine::with(|config| config.max_log_size_bytes(4096).max_log_files(1000));
    for part in [2, 3] {
        let mut moved = PathBuf::new();
        let result = disturbed(&test, |folder, id| {
            moved = folder.join(format!("{id}.{part}.log"));
            std::fs::rename(&moved, moved.with_extension("old")).unwrap();
        })
        .await;
        names(&result, &moved);
        assert!(result.log_path.as_ref().unwrap().exists());
    }
}

#[tokio::test]
async fn a_copy_that_is_truncated_at_its_end_is_still_the_log() {
    let test = TestEngine::new();
    let result = disturbed(&test, |folder, id| {
        let log = folder.join(format!("{id}.log"));
        std::fs::copy(&log, log.with_extension("log.1")).unwrap();
        std::fs::File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    })
    .await;
    assert_eq!(result.log_error, None);
    let log = std::fs::read_to_string(result.log_path.as_ref().unwrap()).unwrap();
    assert!(log.contains("E  after\n") && !log.contains('\0'));
}

#[tokio::test]
async fn a_folder_that_was_moved_or_removed_takes_its_files_out_of_the_result() {
    let disturbances: [fn(&Path); 3] = [
        |folder| std::fs::remove_dir_all(folder).unwrap(),
        |folder| std::fs::rename(folder, folder.with_extension("old")).unwrap(),
        |folder| {
            std::fs::rename(folder, folder.with_extension("old")).unwrap();
            std::fs::create_dir(folder).unwrap();
        },
    ];
    for disturb in disturbances {
        let test = TestEngine::new();
        let result = disturbed(&test, |folder, _| disturb(folder)).await;
        assert_eq!((&result.log_path, &result.output_files.stdout), (&None, &None));
        for name in ["log", "stdout"] {
            names(&result, &test.log_dir().join(format!("{}.{name}", result.id)));
        }
        let next = test.run(ExecutionRequest::shell("echo next")).await;
        assert_eq!(next.log_error, None);
        assert!(next.log_path.as_ref().unwrap().exists(), "the next one has a log where it should be");
    }
}

#[tokio::test]
async fn an_output_file_that_was_moved_is_missed_and_not_named() {
    let test = TestEngine::new();
    let mut file = PathBuf::new();
    let result = disturbed(&test, |folder, id| {
        file = folder.join(format!("{id}.stdout"));
        std::fs::rename(&file, file.with_extension("old")).unwrap();
    })
    .await;
    assert_eq!(result.output_files.stdout, None);
    names(&result, &file);
    assert!(result.log_path.as_ref().unwrap().exists());
}

/// Without a log nothing else would notice that the folder is gone.
#[tokio::test]
async fn output_files_without_a_log_get_a_folder_again_after_a_cleaner() {
    let test = TestEngine::with(|config| config.logging(false));
    let request = || {
        ExecutionRequest::shell("seq 1000")
            .max_output_size_bytes(10)
            .oversized_output(OversizedOutputStrategy::StreamToFile)
    };
    test.run(request()).await;
    std::fs::remove_dir_all(test.log_dir()).unwrap();
    let result = test.run(request()).await;
    assert_eq!(result.log_error, None);
    assert!(result.output_files.stdout.as_ref().unwrap().exists());
}

#[tokio::test]
async fn the_loss_is_a_warning_too() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let request = ExecutionRequest::shell("echo up; read go").stdin(Stdin::Pipe);
    let id = test.engine.execute_with(request, Arc::<EventLog>::clone(&events)).unwrap();
    events.line("up").await;
    let log = test.log_dir().join(format!("{id}.log"));
    eventually("the log is begun", || log.exists()).await;
    std::fs::rename(&log, log.with_extension("log.1")).unwrap();
    test.engine.close_stdin(id).await.unwrap();
    test.wait(id).await;
    let warns = |event: &ExecutionEvent| event.kind.name() == "warning";
    assert_eq!(events.all().iter().filter(|event| warns(event)).count(), 1);
}
