//! G12: after a crash of the host, what was cut off is found again, and nothing survives unseen.

use std::process::Command;
use std::sync::{Arc, Mutex};

use execution_engine::{
    EventKind, ExecutionEvent, ExecutionFilter, ExecutionStatus, LogReader, RecoverOptions,
};
use integration_tests::{Host, TestEngine, child, child_request, eventually, is_running, marked};
use serde_json::Value;

async fn the_log_has(engine: &TestEngine, wanted: &str) {
    let has_it = || {
        std::fs::read_dir(engine.log_dir())
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| std::fs::read_to_string(entry.path()).is_ok_and(|log| log.contains(wanted)))
    };
    eventually("the log has it", has_it).await;
}

fn pid(text: &str) -> u32 {
    text.trim().parse().unwrap()
}

#[tokio::test]
async fn the_tree_dies_with_its_host() {
    let test = TestEngine::new();
    let line =
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo pid $!; echo me $$; wait";
    let mut host = Host::start(&test.log_dir(), line);
    let (grandchild, leader) = (pid(&host.line_after("pid ")), pid(&host.line_after("me ")));
    assert!(is_running(grandchild) && is_running(leader));
    host.kill();
    eventually("the guard ended the group", || !is_running(grandchild) && !is_running(leader)).await;
}

#[tokio::test]
async fn every_execution_whose_output_was_seen_can_be_found_after_a_crash() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(64));
    let seen = Arc::new(Mutex::new(Vec::new()));
    // Many at once: the disk is busy with other logs when a child writes its first line.
    let ids = std::iter::repeat_with(|| {
        let (seen, log_dir) = (Arc::clone(&seen), test.log_dir());
        let on_event = move |event: ExecutionEvent| {
            if matches!(event.kind, EventKind::Stdout { .. }) {
                let log = std::fs::read_to_string(log_dir.join(format!("{}.log", event.execution_id)));
                let has_header = log.is_ok_and(|log| log.starts_with("#execlog/1 ") && log.ends_with('\n'));
                seen.lock().unwrap().push(has_header);
            }
        };
        test.engine.execute_with(child_request(&["lines", "1"]), Arc::new(on_event)).unwrap()
    });
    for id in ids.take(64).collect::<Vec<_>>() {
        test.wait(id).await;
    }
    assert_eq!(*seen.lock().unwrap(), [true; 64]);
}

#[tokio::test]
async fn interrupted_executions_are_found_with_their_output() {
    let test = TestEngine::new();
    let mut host = Host::start(&test.log_dir(), "echo one; echo two >&2; echo pid $$; sleep 1000");
    let leader = pid(&host.line_after("pid "));
    // What is not flushed yet at a crash is lost: at most 100 ms of it.
    let log_has_it = || {
        std::fs::read_dir(test.log_dir())
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains("O  pid ")))
    };
    eventually("the log has the output", log_has_it).await;
    host.kill();
    eventually("the leader is gone", || !is_running(leader)).await;

    let found = test.engine.recover(RecoverOptions::default()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].survivors.len(), found[0].survivors_stopped), (0, false));
    let result = test.engine.get_result(found[0].id).unwrap().unwrap();
    assert_eq!(result.status, ExecutionStatus::Interrupted);
    assert_eq!(result.error.as_ref().unwrap().code.as_str(), "INTERRUPTED");
    assert!(result.stdout.starts_with("one\npid "), "{}", result.stdout);
    assert_eq!(result.stderr, "two\n");
    let log = test.engine.read_logs(result.id).await.unwrap();
    assert!(log.lines().last().unwrap().contains("\"status\":\"interrupted\""), "{log}");
    assert_eq!(test.engine.recover(RecoverOptions::default()).await.unwrap(), [], "once is enough");
}

#[tokio::test]
async fn a_survivor_is_listed_and_can_be_stopped() {
    let test = TestEngine::new();
    let line = "setsid sh -c 'echo pid $$; while :; do sleep 1; done' & sleep 1000";
    let mut host = Host::start(&test.log_dir(), line);
    let daemon = pid(&host.line_after("pid "));
    the_log_has(&test, "#execlog").await;
    host.kill();
    // It left the group, so the guard does not know it.
    assert!(is_running(daemon));
    let found = test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap();
    assert!(found[0].survivors.iter().any(|process| process.pid == daemon), "{found:?}");
    assert!(found[0].survivors_stopped);
    eventually("the survivor is gone", || !is_running(daemon)).await;
}

#[tokio::test]
async fn a_log_of_a_living_host_is_left_alone() {
    let test = TestEngine::new();
    let mut host = Host::start(&test.log_dir(), "echo up; sleep 1000");
    host.line_after("up");
    the_log_has(&test, "#execlog").await;
    assert_eq!(test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap(), []);
    assert_eq!(test.engine.list_executions(ExecutionFilter::default()), []);
    host.kill();
}

#[tokio::test]
async fn a_recycled_pid_is_never_taken_for_a_survivor() {
    let test = TestEngine::new();
    let mut host = Host::start(&test.log_dir(), "echo pid $$; sleep 1000");
    let leader = pid(&host.line_after("pid "));
    the_log_has(&test, "#execlog").await;
    host.kill();
    eventually("the leader is gone", || !is_running(leader)).await;
    let log = std::fs::read_dir(test.log_dir()).unwrap().next().unwrap().unwrap().path();
    let id = log.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    eventually("its child is gone, too", || marked(id).is_empty()).await;
    // The log now names this very process's id as the leader's, with another start time.
    let written = std::fs::read_to_string(&log).unwrap();
    let (header, rest) = written.split_once('\n').unwrap();
    let mut fields: Value = serde_json::from_str(header.strip_prefix("#execlog/1 ").unwrap()).unwrap();
    fields["pid"] = std::process::id().into();
    // Start times are counted in hundredths of a second: two of this test's processes may share one.
    fields["pid_start_time"] = (fields["pid_start_time"].as_u64().unwrap() + 1).into();
    std::fs::write(&log, format!("#execlog/1 {fields}\n{rest}")).unwrap();
    let found = test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap();
    assert_eq!((found.len(), found[0].survivors.len()), (1, 0), "{found:?}");
}

/// Another container on the same folder has other process ids: to it, the writer of a log looks dead.
#[tokio::test]
async fn recovery_and_retention_leave_a_locked_log_alone() {
    let test = TestEngine::with(|config| config.log_retention_secs(0));
    let mut host = Host::start(&test.log_dir(), "echo up; sleep 1000");
    host.line_after("up");
    the_log_has(&test, "#execlog").await;
    let log = std::fs::read_dir(test.log_dir()).unwrap().next().unwrap().unwrap().path();
    let written = std::fs::read_to_string(&log).unwrap();
    let (header, rest) = written.split_once('\n').unwrap();
    let mut fields: Value = serde_json::from_str(header.strip_prefix("#execlog/1 ").unwrap()).unwrap();
    fields["host"]["boot_id"] = "elsewhere".into();
    std::fs::write(&log, format!("#execlog/1 {fields}\n{rest}")).unwrap();

    test.engine.cleanup_old_executions().await;
    assert!(log.exists(), "it is being written");
    assert_eq!(test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap(), []);
    host.kill();
    assert_eq!(test.engine.recover(RecoverOptions::default()).await.unwrap().len(), 1);
    test.engine.cleanup_old_executions().await;
    assert!(!log.exists(), "now it is only old");
}

/// A log cut short by a full disk used to have no footer, and later looked like one cut short by a crash.
#[tokio::test]
async fn a_log_cut_short_by_a_full_disk_has_a_footer_that_counts_the_missing_bytes() {
    let test = TestEngine::new();
    // The signal that comes with it is not ignored here: it must not end the host.
    let limited = "ulimit -f 64; exec \"$0\" host \"$1\" 'yes | head -n 200000'";
    let mut host = Host::from(Command::new("sh").args(["-c", limited, &child()]).arg(test.log_dir()));
    let result = host.result();
    let (error, log_path) = (result["log_error"].as_str().unwrap(), result["log_path"].as_str().unwrap());
    assert!(error.contains("ends early") && error.contains(log_path), "{result}");
    assert_eq!(result["stdout_bytes"], 400_000);
    let log = std::fs::read_to_string(result["log_path"].as_str().unwrap()).unwrap();
    let footer = log.lines().last().unwrap().strip_prefix("#end ").unwrap();
    assert!(serde_json::from_str::<Value>(footer).unwrap()["dropped_bytes"].as_u64().unwrap() > 400_000);
    host.kill();
    assert_eq!(test.engine.recover(RecoverOptions::default()).await.unwrap(), []);
}

/// Kills hosts at any moment of their lives, `times` of them.
pub(crate) async fn kill_at_random(times: u64) {
    let test = TestEngine::new();
    let mut found = 0;
    for round in 0..times {
        // Each line differs, so that a torn one shows.
        let mut host = Host::start(&test.log_dir(), "i=0; while :; do echo line $i; i=$((i+1)); done");
        // From before the start of the child to well into its output; spread without a pattern.
        let wait = std::time::Duration::from_micros(round * 7_919 % 120_000);
        if round % 4 == 0 {
            host.line_after("line 0");
        }
        tokio::time::sleep(wait).await;
        host.kill();
        // The guard needs a moment; what it leaves, recovery stops.
        for recovered in test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap() {
            found += 1;
            let result = test.engine.get_result(recovered.id).unwrap().unwrap();
            assert_eq!(result.status, ExecutionStatus::Interrupted);
            assert!(result.output_incomplete);
            // Exactly what was written, up to the cut: no line torn, missing or twice but for the last.
            let whole = result.stdout.rsplit_once('\n').map_or("", |(whole, _)| whole);
            for (index, line) in whole.lines().enumerate() {
                assert_eq!(line, format!("line {index}"));
            }
            let reader = LogReader::open(&test.log_dir(), recovered.id).unwrap();
            let records = reader.flatten().count();
            assert!(records >= whole.lines().count());
            eventually("none is left", || marked(recovered.id).is_empty()).await;
        }
    }
    assert_eq!(test.engine.recover(RecoverOptions::default()).await.unwrap(), []);
    // Those whose first line was waited for; on a busy machine no other has begun.
    assert!(found >= times / 4, "only {found} of {times} had begun");
    let logs = std::fs::read_dir(test.log_dir()).unwrap().count();
    assert!(logs as u64 >= found);
}

#[tokio::test]
async fn a_host_killed_at_any_moment_leaves_logs_that_parse_and_no_process() {
    kill_at_random(12).await;
}
