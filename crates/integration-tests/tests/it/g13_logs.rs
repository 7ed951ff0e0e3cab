//! G13–G15: the log is written while the child runs, people and programs can read it, and only its owner
//! may.

use std::os::unix::fs::{PermissionsExt, symlink};

use execution_engine::{
    ExecutionRequest, ExecutionStatus, LogPage, LogPosition, LogReader, LogRecordKind, LogState, OutputStream,
};
use integration_tests::{DEADLINE, EventLog, Host, TestEngine, child_request, eventually};
use uuid::Uuid;

fn bytes_of(reader: &mut LogReader, wanted: OutputStream) -> Vec<u8> {
    let mut all = Vec::new();
    for record in reader {
        if let LogRecordKind::Output { stream, bytes, partial } = record.unwrap().kind
            && stream == wanted
        {
            all.extend(bytes);
            all.extend(if partial { &b""[..] } else { b"\n" });
        }
    }
    all
}

#[tokio::test]
async fn every_line_of_a_log_parses_and_every_byte_is_in_it() {
    let test = TestEngine::new();
    let result = test.run(child_request(&["bytes", "1000003"])).await;
    let mut reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    let logged = bytes_of(&mut reader, OutputStream::Stdout);
    assert_eq!(logged.len(), 1_000_003);
    assert_eq!(logged, result.stdout.as_bytes());
    assert_eq!(reader.damage().bad_lines, 0);
    let (header, footer) = (reader.header().unwrap(), reader.footer().unwrap());
    assert_eq!((header.id, header.part, header.command_type.as_str()), (result.id, 1, "exec"));
    assert_eq!((footer.status, footer.exit_code), (ExecutionStatus::Completed, Some(0)));
    assert_eq!(footer.bytes.stdout, 1_000_003);
}

#[tokio::test]
async fn a_log_can_be_followed_while_the_child_runs() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let line = "echo first; printf unfinished; read go; echo; echo second";
    let request = ExecutionRequest::shell(line).stdin(execution_engine::Stdin::Pipe);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("first").await;
    let log = test.log_dir().join(format!("{id}.log"));
    eventually("an unfinished line is in the log too", || {
        std::fs::read_to_string(&log)
            .is_ok_and(|text| text.contains("O  first\n") && text.contains("O+ unfinished\n"))
    })
    .await;
    let page = test.engine.read_log_records(id, LogPosition::START, 100).await.unwrap();
    test.engine.close_stdin(id).await.unwrap();
    test.wait(id).await;
    let rest = test.engine.read_log_records(id, page.next, 100).await.unwrap();
    let texts = page.records.iter().chain(&rest.records).filter_map(|record| match &record.kind {
        LogRecordKind::Output { bytes, .. } => Some(String::from_utf8(bytes.clone()).unwrap()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["first", "unfinished", "", "second"]);
}

#[tokio::test]
async fn rotation_keeps_the_first_and_the_newest_parts() {
    let test = TestEngine::with(|config| config.max_log_size_bytes(100_000).max_log_files(3));
    let result = test.run(child_request(&["lines", "100000"])).await;
    let mut names: Vec<_> = std::fs::read_dir(test.log_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&format!("{}.log", result.id)));
    for name in &names {
        assert!(std::fs::metadata(test.log_dir().join(name)).unwrap().len() <= 100_000 + 500);
    }
    let mut reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    let logged = String::from_utf8(bytes_of(&mut reader, OutputStream::Stdout)).unwrap();
    assert!(logged.starts_with("line 0\n") && logged.ends_with("line 99999\n"));
    let footer = reader.footer().unwrap();
    assert!(footer.dropped_bytes > 0 && footer.parts > 3, "{footer:?}");
    assert_eq!((reader.damage().bad_lines, reader.damage().missing_parts), (0, footer.parts - 3));
}

#[tokio::test]
async fn folder_and_files_are_their_owners_alone() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::shell("echo hello")).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&test.log_dir()), 0o700);
    assert_eq!(mode(result.log_path.as_ref().unwrap()), 0o600);
}

#[tokio::test]
async fn a_planted_link_is_neither_followed_nor_overwritten() {
    let test = TestEngine::new();
    let victim = test.dir.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    std::fs::create_dir(test.log_dir()).unwrap();
    let id = Uuid::now_v7();
    symlink(&victim, test.log_dir().join(format!("{id}.log"))).unwrap();
    let request = ExecutionRequest::shell("echo hello").id(id);
    let (result, events) = test.run_observed(request).await;
    assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Completed, "hello\n"));
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(result.log_path, None);
    assert!(result.log_error.is_some());
    assert_eq!(events.kinds(), ["started", "warning", "completed"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_harms_no_execution() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let test = TestEngine::with(|config| config.log_dir(file.path().join("below")));
    let result = test.run(child_request(&["bytes", "1000000"])).await;
    assert_eq!((result.status, result.stdout_bytes), (ExecutionStatus::Completed, 1_000_000));
    assert!(result.log_path.is_none() && result.log_error.is_some());
}

#[tokio::test]
async fn a_folder_removed_while_running_is_reported_and_harms_nothing() {
    let test = TestEngine::new();
    let events = EventLog::new();
    let request = ExecutionRequest::shell("echo up; read go; echo down").stdin(execution_engine::Stdin::Pipe);
    let id = test.engine.execute_with(request, events.clone()).unwrap();
    events.line("up").await;
    let log = test.log_dir().join(format!("{id}.log"));
    eventually("the log is begun", || log.exists()).await;
    std::fs::remove_dir_all(test.log_dir()).unwrap();
    test.engine.close_stdin(id).await.unwrap();
    let result = test.wait(id).await;
    assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Completed, "up\ndown\n"));
    assert!(result.log_error.as_ref().unwrap().contains("deleted"), "{:?}", result.log_error);
}

#[tokio::test]
async fn the_log_is_readable_as_text() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::shell("echo hello; echo oops >&2; exit 3")).await;
    let log = test.engine.read_logs(result.id).await.unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert!(lines[0].starts_with("#execlog/1 {"), "{log}");
    assert!(log.contains("Z O  hello\n") && log.contains("Z E  oops\n"), "{log}");
    assert!(lines.last().unwrap().starts_with("#end {"), "{log}");
}

/// A record larger than a part used to make parts without end once some had been dropped.
#[tokio::test]
async fn a_record_larger_than_a_part_is_written_all_the_same() {
    let test = TestEngine::with(|config| config.max_log_size_bytes(4096).max_log_files(2));
    let line = "for i in 1 2 3 4 5 6; do head -c 9000 /dev/zero | tr '\\0' x; echo; done";
    let result = test.run(ExecutionRequest::shell(line)).await;
    assert_eq!((result.status, &result.log_error), (ExecutionStatus::Completed, &None));
    let mut reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    assert!(bytes_of(&mut reader, OutputStream::Stdout).len() >= 9001);
    assert!(reader.footer().is_some_and(|footer| footer.parts < 20), "{:?}", reader.footer());
}

/// The writer used to keep the folder it had opened first, also when that was gone.
#[tokio::test]
async fn a_folder_removed_between_two_executions_is_made_again() {
    let test = TestEngine::new();
    test.run(ExecutionRequest::shell("true")).await;
    std::fs::remove_dir_all(test.log_dir()).unwrap();
    let result = test.run(ExecutionRequest::shell("echo hello")).await;
    assert_eq!(result.log_error, None);
    assert!(result.log_path.as_ref().unwrap().exists());
}

#[tokio::test]
async fn an_unreadable_log_gives_the_systems_reason() {
    let test = TestEngine::new();
    std::fs::create_dir(test.log_dir()).unwrap();
    let id = Uuid::now_v7();
    symlink("/etc/passwd", test.log_dir().join(format!("{id}.log"))).unwrap();
    let error = test.engine.read_logs(id).await.unwrap_err();
    assert_eq!(error.code(), "LOG_UNREADABLE");
    assert!(std::error::Error::source(&error).is_some());
}

/// A FIFO under a log's name used to hold a reader for ever.
#[tokio::test]
async fn only_a_regular_file_is_read_as_a_log() {
    let test = TestEngine::new();
    std::fs::create_dir(test.log_dir()).unwrap();
    let id = Uuid::now_v7();
    let path = test.log_dir().join(format!("{id}.log"));
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let reading = test.engine.read_log_records(id, LogPosition::START, 10);
    let read = tokio::time::timeout(DEADLINE, reading).await;
    assert_eq!(read.expect("nothing waits for a writer").unwrap_err().code(), "LOG_UNREADABLE");
}

/// Following an execution of another program used to end at once.
#[tokio::test]
async fn the_log_of_another_programs_execution_is_followed_until_that_ends() {
    let test = TestEngine::new();
    let mut host = Host::start(&test.log_dir(), "echo first; sleep 0.5; echo second");
    host.line_after("first");
    let listed = test.engine.list_logs().await.unwrap();
    assert_eq!((listed.len(), listed[0].state), (1, LogState::Running));
    let (texts, page) = followed(&test, listed[0].id).await;
    assert_eq!(texts, ["first", "second"]);
    assert!(page.has_ended);
    assert_eq!(test.engine.list_logs().await.unwrap()[0].state, LogState::Ended);
    host.result();
}

#[tokio::test]
async fn following_ends_where_the_other_program_dies() {
    let test = TestEngine::new();
    let mut host = Host::start(&test.log_dir(), "echo first; sleep 1000");
    host.line_after("first");
    let id = test.engine.list_logs().await.unwrap()[0].id;
    // What is not flushed yet at a crash is lost.
    let from = LogPosition::START;
    let page = test.engine.follow_log_records(id, from, 10).await.unwrap();
    assert_eq!((page.records.len(), page.has_ended), (1, false));
    host.kill();
    let rest = test.engine.follow_log_records(id, page.next, 10);
    let rest = tokio::time::timeout(DEADLINE, rest).await.expect("nothing is waited for").unwrap();
    assert!(rest.records.is_empty() && rest.has_ended);
    assert_eq!(test.engine.list_logs().await.unwrap()[0].state, LogState::Interrupted);
}

#[tokio::test]
async fn an_execution_that_waits_can_be_followed_before_it_has_a_log() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1));
    let first = test.engine.execute(ExecutionRequest::shell("sleep 1000")).unwrap();
    let second = test.engine.execute(ExecutionRequest::shell("echo hello")).unwrap();
    let following = followed(&test, second);
    let freeing = async {
        tokio::task::yield_now().await;
        test.engine.cancel(first).unwrap();
    };
    let ((texts, page), ()) = tokio::join!(following, freeing);
    assert_eq!(texts, ["hello"]);
    assert!(page.has_ended);
    let unknown = test.engine.follow_log_records(Uuid::now_v7(), LogPosition::START, 1).await;
    assert_eq!(unknown.unwrap_err().code(), "NOT_FOUND");
}

#[tokio::test]
async fn no_folder_is_no_logs_and_one_that_cannot_be_read_says_so() {
    let test = TestEngine::new();
    assert_eq!(test.engine.list_logs().await.unwrap(), []);
    assert!(!test.log_dir().exists());
    std::fs::write(test.log_dir(), "a file").unwrap();
    let error = test.engine.list_logs().await.unwrap_err();
    assert_eq!(error.code(), "LOG_UNREADABLE");
    assert!(std::error::Error::source(&error).is_some());
}

/// Everything that a log says until it ends, and its last page.
async fn followed(test: &TestEngine, id: Uuid) -> (Vec<String>, LogPage) {
    let (mut texts, mut from) = (Vec::new(), LogPosition::START);
    loop {
        let next = test.engine.follow_log_records(id, from, 1);
        let page = tokio::time::timeout(DEADLINE, next).await.expect("the log goes on").unwrap();
        texts.extend(page.records.iter().filter_map(|record| match &record.kind {
            LogRecordKind::Output { bytes, .. } => Some(String::from_utf8(bytes.clone()).unwrap()),
            _ => None,
        }));
        if page.has_ended {
            return (texts, page);
        }
        from = page.next;
    }
}
