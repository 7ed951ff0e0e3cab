//! G10: only the monotonic clock decides.

use std::process::Command;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use execution_engine::{ExecutionRequest, ExecutionStatus, LogReader};
use integration_tests::{Host, TestEngine, child, eventually, have, is_running};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// A host whose wall clock is set by writing to a file.
async fn with_clock(jumps: [&str; 2]) -> (Value, Vec<DateTime<Utc>>) {
    let dir = tempfile::tempdir().unwrap();
    let (clock, log_dir) = (dir.path().join("clock"), dir.path().join("logs"));
    std::fs::write(&clock, "+0").unwrap();
    let line = "echo first; read a < first; echo second; read a < second; echo third";
    for fifo in ["first", "second"] {
        assert!(Command::new("mkfifo").arg(dir.path().join(fifo)).status().unwrap().success());
    }
    // `faketime` itself sets the variable that would overrule the file.
    let script = "unset FAKETIME; exec \"$0\" \"$@\"";
    let mut command = Command::new("faketime");
    command.args(["--exclude-monotonic", "-f", "+0", "sh", "-c", script]);
    command.arg(child()).arg("host").arg(&log_dir).arg(line);
    command.current_dir(dir.path());
    command.env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    let mut host = Host::from(&mut command);
    for (fifo, (said, jump)) in ["first", "second"].iter().zip(["first", "second"].into_iter().zip(jumps)) {
        host.line_after(said);
        std::fs::write(&clock, jump).unwrap();
        let fifo = dir.path().join(fifo);
        tokio::task::spawn_blocking(move || std::fs::write(fifo, "go\n").unwrap()).await.unwrap();
    }
    let result = host.result();
    let id = result["id"].as_str().unwrap().parse().unwrap();
    let times = LogReader::open(&log_dir, id).unwrap().map(|record| record.unwrap().timestamp).collect();
    (result, times)
}

#[tokio::test]
async fn a_clock_that_is_set_changes_no_duration_and_no_timeout() {
    if !have("faketime", &["--version"]) {
        return;
    }
    for jumps in [["-1d", "+0"], ["+1d", "-1d"]] {
        let (result, times) = with_clock(jumps).await;
        assert_eq!(result["status"], "completed", "{result}");
        assert!(result["duration_ms"].as_u64().unwrap() < 60_000, "{result}");
        assert_eq!(times.len(), 3);
        assert!(times.is_sorted(), "times go back within a log: {times:?}");
    }
}

/// A clock set back leaves files behind that are dated in the future. (nextest clamps negative ages.)
#[tokio::test]
async fn logs_dated_in_the_future_are_not_old_and_those_from_long_ago_are() {
    let test = TestEngine::with(|config| config.log_retention_secs(3600));
    let day = Duration::from_secs(24 * 60 * 60);
    let mut logs = Vec::new();
    for at in [SystemTime::now() + day, SystemTime::now() - day] {
        let result = test.run(ExecutionRequest::shell("echo x")).await;
        let log = result.log_path.clone().unwrap();
        std::fs::File::options().append(true).open(&log).unwrap().set_modified(at).unwrap();
        logs.push(log);
    }
    test.engine.cleanup_old_executions().await;
    assert_eq!([logs[0].exists(), logs[1].exists()], [true, false]);
}

/// A laptop that sleeps, as far as a host can tell: everything else went on without it.
#[tokio::test]
async fn nothing_that_happens_while_the_host_is_stopped_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    let line =
        format!("echo me $$; while [ ! -e '{}' ]; do sleep 0.01; done; seq 5000; exit 3", go.display());
    let mut host = Host::start(&dir.path().join("logs"), &line);
    let leader = host.line_after("me ").trim().parse().unwrap();
    signal(host.pid(), Signal::STOP);
    std::fs::write(go, "").unwrap();
    eventually("the child has ended, unreaped", || !is_running(leader)).await;
    signal(host.pid(), Signal::CONT);
    let result = host.result();
    assert_eq!((&result["exit_code"], &result["output_incomplete"]), (&3.into(), &false.into()));
    let text: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    assert!(result["stdout"].as_str().unwrap().ends_with(&text));
}

#[tokio::test]
async fn a_program_that_was_suspended_at_its_timeout_needs_no_longer_one() {
    let test = TestEngine::new();
    for (line, said) in [
        ("kill -STOP $$; echo", "had suspended it (state T)"),
        ("(sleep 0.1; kill -CONT $$) & kill -STOP $$; exec sleep 1000", "a longer one gives it more time"),
    ] {
        let result = test.run(ExecutionRequest::shell(line).timeout_ms(1500)).await;
        assert_eq!(result.status, ExecutionStatus::Timeout);
        let error = result.error.as_ref().unwrap();
        assert!(error.message.contains(said), "{error}");
    }
}
