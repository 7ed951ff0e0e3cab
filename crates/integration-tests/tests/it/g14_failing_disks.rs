//! G14: logs rotate, and a disk that fails never harms a command.

use execution_engine::{ExecutionRequest, ExecutionStatus, LogPosition, LogReader, LogRecordKind};
use integration_tests::{Host, TestEngine, child_request, have};
use serde_json::Value;

/// A host whose logs go to a file system of 256 KiB of its own, prepared by `prepare`.
fn on_a_small_disk(prepare: &str, line: &str) -> Option<Value> {
    if !have("unshare", &["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let script =
        format!("mount -t tmpfs -o size=256k tmpfs \"$1\" && {prepare}; exec \"$0\" host \"$1\" \"$2\"");
    Some(Host::under("unshare", &["-rm", "sh", "-c", &script], &disk, line).result())
}

#[test]
fn a_full_disk_ends_the_log_and_not_the_command() {
    let Some(result) = on_a_small_disk(
        "true",
        "yes 01234567890123456789 | tr -d '\n' | fold -w 999 | head -c 3000000; echo end >&2",
    ) else {
        return;
    };
    assert_eq!((&result["status"], &result["stdout_bytes"]), (&"completed".into(), &3_000_000.into()));
    assert_eq!(result["stderr"], "end\n");
    assert!(result["log_error"].as_str().unwrap().contains("ends early"), "{result}");
}

#[test]
fn a_read_only_disk_is_reported_and_harms_nothing() {
    let Some(result) = on_a_small_disk("mount -o remount,ro \"$1\"", "echo x") else { return };
    assert_eq!((&result["status"], &result["stdout"]), (&"completed".into(), &"x\n".into()));
    assert_eq!(result["log_path"], Value::Null);
    assert!(result["log_error"].as_str().unwrap().contains("there is no log"), "{result}");
}

/// From a follower of Docker's logs that lost lines at a rotation (moby `TestFollowLogsWithRotation`).
#[tokio::test]
async fn a_follower_sees_every_line_once_across_rotations() {
    let test = TestEngine::with(|config| config.max_log_size_bytes(64 * 1024).max_log_files(1000));
    let id = test.engine.execute(child_request(&["lines", "20000"])).unwrap();
    let (mut from, mut seen) = (LogPosition::START, Vec::new());
    loop {
        let has_ended = test.engine.get_result(id).unwrap().is_some();
        // Before it has begun there is no log.
        if let Ok(page) = test.engine.read_log_records(id, from, 500).await {
            from = page.next;
            seen.extend(page.records.into_iter().filter_map(|record| match record.kind {
                LogRecordKind::Output { bytes, .. } => Some(String::from_utf8(bytes).unwrap()),
                _ => None,
            }));
            if page.at_end && has_ended {
                break;
            }
        }
        tokio::task::yield_now().await;
    }
    let result = test.wait(id).await;
    assert_eq!(result.status, ExecutionStatus::Completed);
    assert_eq!(seen, result.stdout.lines().collect::<Vec<_>>());
    let reader = LogReader::open(&test.log_dir(), id).unwrap();
    assert_eq!(reader.count(), 20_000);
    assert!(std::fs::read_dir(test.log_dir()).unwrap().count() > 10, "it was rotated");
}

#[tokio::test]
async fn two_engines_on_one_folder_do_not_disturb_each_other() {
    let first = TestEngine::new();
    let second = TestEngine::with(|config| config.log_dir(first.log_dir()));
    let of = |test: &TestEngine, name: &str| {
        let line = format!("for i in $(seq 200); do echo {name} $i; done");
        let ids: Vec<_> =
            (0..20).map(|_| test.engine.execute(ExecutionRequest::shell(&line)).unwrap()).collect();
        ids
    };
    let ids = [of(&first, "one"), of(&second, "two")];
    second.engine.cleanup_old_executions().await;
    for (engine, ids) in [(&first, &ids[0]), (&second, &ids[1])] {
        for id in ids {
            assert_eq!(engine.wait(*id).await.log_error, None);
        }
    }
    for (name, ids) in ["one", "two"].into_iter().zip(&ids) {
        for id in ids {
            let text = second.engine.read_logs(*id).await.unwrap();
            assert_eq!(text.matches(&format!("O  {name} ")).count(), 200);
        }
    }
}
