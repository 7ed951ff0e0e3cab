//! Programs that cannot be started: a clear code each, and the engine goes on.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use execution_engine::{Command, ExecutionRequest, ExecutionStatus, FailureCode};
use integration_tests::{TestEngine, child_request};

async fn failure(test: &TestEngine, request: ExecutionRequest) -> (String, String) {
    let result = test.run(request).await;
    assert_eq!(result.status, ExecutionStatus::Failed);
    assert_eq!((result.exit_code, result.started_at), (None, None));
    let error = result.error.clone().unwrap();
    (error.code.as_str().to_owned(), error.message)
}

fn file(path: &Path, content: &str, mode: u32) -> ExecutionRequest {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    ExecutionRequest::exec::<&str>(path.display().to_string(), [])
}

#[tokio::test]
async fn a_missing_program_names_the_path_that_was_searched_and_the_nearest_match() {
    let test = TestEngine::new();
    let (code, message) = failure(&test, ExecutionRequest::exec("slepe", ["1"])).await;
    assert_eq!(code, "PROGRAM_NOT_FOUND");
    assert!(message.contains("slepe") && message.contains("sleep"), "{message}");
    assert!(message.contains("/bin"), "the PATH is shown: {message}");
}

#[tokio::test]
async fn each_kind_of_unusable_file_has_its_own_error() {
    let test = TestEngine::new();
    let at = |name: &str| test.dir.path().join(name);
    let cases = [
        (file(&at("plain"), "#!/bin/sh\n", 0o644), "NOT_EXECUTABLE"),
        (file(&at("unknown-format"), "\x01\x02\x03\x04", 0o755), "NOT_EXECUTABLE"),
        (file(&at("bad-interpreter"), "#!/no/such/interpreter\n", 0o755), "NOT_EXECUTABLE"),
        (ExecutionRequest::exec::<&str>(test.dir.path().display().to_string(), []), "NOT_EXECUTABLE"),
        (ExecutionRequest::exec::<&str>(at("absent").display().to_string(), []), "PROGRAM_NOT_FOUND"),
    ];
    for (request, expected) in cases {
        let (code, message) = failure(&test, request).await;
        assert_eq!(code, expected, "{message}");
    }
    assert_eq!(test.run(child_request(&["args"])).await.stdout, "[]");
}

#[tokio::test]
async fn a_windows_line_end_in_a_shebang_is_explained() {
    let test = TestEngine::new();
    let (_, message) =
        failure(&test, file(&test.dir.path().join("crlf"), "#!/bin/sh\r\necho hi\r\n", 0o755)).await;
    assert!(message.contains("line end") || message.contains("CRLF"), "{message}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_a_missing_program() {
    let test = TestEngine::new();
    for dir in [test.dir.path().join("absent"), "/etc/passwd".into()] {
        let request = child_request(&["args"]).working_dir(dir.clone());
        let (code, message) = failure(&test, request).await;
        assert_eq!(code, "WORKING_DIR_NOT_FOUND");
        assert!(message.contains(&dir.display().to_string()), "{message}");
    }
}

#[tokio::test]
async fn a_script_runs_by_its_own_first_line() {
    let test = TestEngine::new();
    let path = test.dir.path().join("script");
    // Not executable: the interpreter it names is started with it.
    file(&path, "#!/usr/bin/env sh\necho \"$1 from $0\"\n", 0o644);
    let command = Command::Script { path, interpreter: None, args: vec!["hello".into()] };
    let result = test.run(ExecutionRequest::new(command)).await;
    assert!(result.stdout.starts_with("hello from "), "{result:?}");
}

#[tokio::test]
async fn a_folder_that_is_deleted_before_the_start_is_named() {
    let test = TestEngine::new();
    let gone = test.dir.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let request = ExecutionRequest::shell("true").working_dir(gone.clone());
    // Accepted while it was there; the start comes later.
    let id = test.engine.execute(request).unwrap();
    std::fs::remove_dir(&gone).unwrap();
    let error = test.wait(id).await.error.clone().unwrap();
    assert_eq!(error.code, FailureCode::WorkingDirNotFound);
    assert!(error.message.contains("gone"), "{}", error.message);
}

#[tokio::test]
async fn a_hundred_thousand_variables_arrive_or_are_refused_whole() {
    let test = TestEngine::new();
    let request = (0..100_000).fold(ExecutionRequest::shell("env | grep -c '^V[0-9]*=x$'"), |request, i| {
        request.env(format!("V{i}"), "x")
    });
    let result = test.run(request).await;
    match &result.error {
        None => assert_eq!(result.stdout, "100000\n"),
        Some(error) => assert_eq!(error.code, FailureCode::ArgumentsTooLong, "{}", error.message),
    }
    assert_eq!(test.run(ExecutionRequest::shell("true")).await.error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_the_nearest_name_holds_up_no_other_start() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(100));
    let crowded = test.dir.path().join("crowded");
    std::fs::create_dir(&crowded).unwrap();
    for i in 0..20_000 {
        std::fs::File::create(crowded.join(format!("program-{i:05}"))).unwrap();
    }
    let request =
        ExecutionRequest::exec::<&str>("program-absent", []).env("PATH", crowded.display().to_string());
    let missing: Vec<_> = (0..60).map(|_| test.engine.execute(request.clone()).unwrap()).collect();
    assert_eq!(test.run(child_request(&["args"])).await.stdout, "[]");
    // That one was asked for last. In a queue behind the searches it would have ended last.
    let is_searching = |id: &uuid::Uuid| !test.engine.get_status(*id).unwrap().is_terminal();
    assert!(missing.iter().any(is_searching), "every search ended before");
    for id in missing {
        let error = test.wait(id).await.error.clone().unwrap();
        assert_eq!(error.code, FailureCode::ProgramNotFound, "{}", error.message);
    }
}
