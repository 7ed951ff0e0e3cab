//! G9: processes outside the leader's group get the graceful signal and the grace period like the rest.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use execution_engine::{ExecutionRequest, ExecutionResult, ExecutionStatus};
use integration_tests::{EventLog, TestEngine, child, eventually, have, is_running, marked};
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than any test may take: a test that passes has not waited for it.
const LONG_GRACE_MS: u64 = 600_000;

/// Needs a moment to tidy up: `sh tidy.sh <file>`.
const TIDY: &str = "trap 'sleep 0.3; echo tidied > \"$1\"; exit 0' TERM; echo ready; \
                    while :; do sleep 0.05; done";

struct Running {
    test: TestEngine,
    events: Arc<EventLog>,
    id: Uuid,
    begun: Instant,
}

impl Running {
    fn start(line: &str, grace_ms: u64) -> Self {
        let test = TestEngine::new();
        let events = EventLog::new();
        let request = ExecutionRequest::shell(line).kill_grace_ms(grace_ms);
        let id = test.engine.execute_with(request, events.clone()).unwrap();
        Self { test, events, id, begun: Instant::now() }
    }

    async fn cancel(&self) {
        self.events.line("ready").await;
        assert!(self.test.engine.cancel(self.id).unwrap());
    }

    /// All of it has ended, and before any grace period was over.
    async fn end(&self) -> Arc<ExecutionResult> {
        let result = self.test.wait(self.id).await;
        assert_eq!(result.status, ExecutionStatus::Cancelled);
        assert_eq!(result.leftover_processes, []);
        assert!(self.begun.elapsed() < Duration::from_millis(LONG_GRACE_MS));
        eventually("nothing is left", || marked(self.id).is_empty()).await;
        result
    }
}

fn script(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test]
async fn processes_outside_the_group_can_clean_up_within_the_grace_period() {
    if !have("setsid", &["true"]) || !have("timeout", &["9", "true"]) || !have("bash", &["-c", "set -m"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let tidy = script(&dir, "tidy.sh", TIDY);
    let ways = [
        "timeout 600 sh TIDY OUT; echo after",
        "bash -c 'set -m; sh TIDY OUT & wait'; echo after",
        "setsid -w sh TIDY OUT; echo after",
        "nohup setsid sh TIDY OUT & sleep 1000",
        // Its parents have ended: init is its parent.
        "(setsid sh -c '(sh TIDY OUT &)' &); sleep 1000",
        "setsid sh -c 'kill -STOP $$; exec sleep 1000' & setsid -w sh TIDY OUT",
    ];
    for (index, way) in ways.into_iter().enumerate() {
        let out = dir.path().join(index.to_string());
        let line = way.replace("TIDY", &tidy).replace("OUT", &out.display().to_string());
        let running = Running::start(&line, LONG_GRACE_MS);
        running.cancel().await;
        running.end().await;
        assert_eq!(text_of(&out), "tidied\n", "{way}");
    }
}

#[tokio::test]
async fn a_timeout_grants_the_grace_outside_the_group_too() {
    if !have("timeout", &["9", "true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let line = format!("timeout 600 sh {} {}; echo after", script(&dir, "tidy.sh", TIDY), out.display());
    let test = TestEngine::new();
    // Enough for the trap to be set, on a machine as busy as it may be.
    let request = ExecutionRequest::shell(line).timeout_ms(3000).kill_grace_ms(LONG_GRACE_MS);
    let result = test.run(request).await;
    assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Timeout, "ready\n"));
    assert_eq!(text_of(&out), "tidied\n");
}

#[tokio::test]
async fn each_process_gets_the_graceful_signal_once() {
    if !have("setsid", &["true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    // It lives on for a while, seen by several looks.
    let count = script(
        &dir,
        "count.sh",
        "trap 'echo term >> \"$1\"' TERM; echo ready; until [ -e \"$1\" ]; do sleep 0.05; done; sleep 1",
    );
    let running = Running::start(&format!("setsid -w sh {count} {}", out.display()), LONG_GRACE_MS);
    running.cancel().await;
    running.end().await;
    assert_eq!(text_of(&out), "term\n");
}

/// The signal reaches those that were there. What they start to tidy up with may take its time.
#[tokio::test]
async fn a_helper_that_is_started_to_tidy_up_is_not_signalled() {
    if !have("setsid", &["true"]) || !have("timeout", &["9", "true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let helped = script(
        &dir,
        "helped.sh",
        "trap 'timeout 60 sh -c \"sleep 0.5; echo saved > $1\"; exit 0' TERM; echo ready; \
         while :; do sleep 0.05; done",
    );
    for (name, way) in [("inside", "exec sh"), ("outside", "setsid -w sh")] {
        let out = dir.path().join(name);
        let running = Running::start(&format!("{way} {helped} {}", out.display()), LONG_GRACE_MS);
        running.cancel().await;
        running.end().await;
        assert_eq!(text_of(&out), "saved\n", "{name} the group");
    }
}

#[tokio::test]
async fn a_hundred_outside_the_group_all_tidy_up() {
    if !have("setsid", &["true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let tidy = script(
        &dir,
        "tidy.sh",
        "trap 'echo tidied > \"$1\"; kill $!; exit 0' TERM; sleep 1000 & echo > \"$1\"; wait",
    );
    let line = format!(
        "i=0; while [ $i -lt 100 ]; do setsid sh {tidy} {0}/$i.out & i=$((i+1)); done; \
         until [ $(ls {0} | grep -c out) = 100 ]; do sleep 0.05; done; echo ready; wait",
        dir.path().display()
    );
    let running = Running::start(&line, LONG_GRACE_MS);
    running.cancel().await;
    running.end().await;
    for index in 0..100 {
        assert_eq!(text_of(&dir.path().join(format!("{index}.out"))), "tidied\n", "number {index}");
    }
}

#[tokio::test]
async fn processes_outside_the_group_that_ignore_the_signal_are_killed_after_the_grace_period() {
    if !have("setsid", &["true"]) {
        return;
    }
    let deaf = "trap '' TERM; setsid sh -c 'echo ready; while :; do sleep 1; done' & exec sleep 1000";
    let running = Running::start(deaf, 300);
    running.cancel().await;
    running.end().await;
    // A second cancel does not wait for it.
    let running = Running::start(deaf, LONG_GRACE_MS);
    running.cancel().await;
    assert!(running.test.engine.cancel(running.id).unwrap());
    running.end().await;
    // Nor does one that comes when the leader has ended and only the other is waited for.
    let deaf =
        "setsid sh -c 'trap \"\" TERM; echo pid $$; echo ready; while :; do sleep 1; done' & exec sleep 1000";
    let running = Running::start(deaf, LONG_GRACE_MS);
    running.cancel().await;
    let leader = running.events.line("pid ").await;
    let deaf: u32 = leader.trim_start_matches("pid ").trim().parse().unwrap();
    eventually("only that one is left", || marked(running.id) == [deaf]).await;
    assert!(running.test.engine.cancel(running.id).unwrap());
    running.end().await;
}

#[tokio::test]
async fn processes_that_keep_leaving_the_group_during_a_stop_are_all_gone_at_the_end() {
    if !have("setsid", &["true"]) {
        return;
    }
    let line = "trap '' TERM; i=0; while [ $i -lt 3000 ]; do setsid sleep 1000 & i=$((i+1)); \
                [ $i = 20 ] && echo ready; done; wait";
    let running = Running::start(line, 200);
    running.cancel().await;
    running.end().await;
}

/// The first thread of a program may end before the others: the system then shows it like a zombie.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_whose_first_thread_has_ended_is_alive() {
    if !have("setsid", &["true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("out");
    let file = file.display();
    let wait = format!("echo pid $!; until grep -q ready {file}; do sleep 0.05; done");
    let test = TestEngine::new();
    let line = format!("'{}' first-thread-ends >{file} & {wait}", child());
    let result = test.run(ExecutionRequest::shell(line)).await;
    let pid: u32 = result.stdout.trim().trim_start_matches("pid ").parse().unwrap();
    let left: Vec<_> = result.leftover_processes.iter().map(|left| left.pid).collect();
    assert_eq!(left, [pid], "it is named");
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();

    std::fs::remove_file(dir.path().join("out")).unwrap();
    let deaf =
        format!("trap '' TERM; setsid '{}' first-thread-ends >{file} & {wait}; echo ready; wait", child());
    let running = Running::start(&deaf, 200);
    let pid = running.events.line("pid ").await.trim_start_matches("pid ").trim().parse().unwrap();
    running.cancel().await;
    running.end().await;
    eventually("it is stopped outside the group too", || !is_running(pid)).await;
}

#[tokio::test]
async fn what_left_the_group_and_cleared_its_environment_is_found_by_its_session() {
    if !have("timeout", &["9", "true"]) || !have("bash", &["-c", "set -m"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let deaf =
        script(&dir, "deaf.sh", "trap '' TERM; echo $$ > \"$1\"; echo ready; while :; do sleep 0.05; done");
    // The last one carries another execution's mark.
    let ways = [
        "timeout 600 env -i PATH=\"$PATH\" sh DEAF OUT",
        "bash -c 'set -m; env -i PATH=\"$PATH\" sh DEAF OUT & wait'",
        "ESCHER_EXECUTION_ID=01890000-0000-7000-8000-000000000000 timeout 600 sh DEAF OUT",
    ];
    for (index, way) in ways.into_iter().enumerate() {
        let out = dir.path().join(index.to_string());
        let line = way.replace("DEAF", &deaf).replace("OUT", &out.display().to_string());
        let running = Running::start(&line, 300);
        running.cancel().await;
        running.end().await;
        let pid = text_of(&out).trim().parse().unwrap();
        eventually(&format!("{way}: it is killed after the grace"), || !is_running(pid)).await;
    }
}

/// Its guard is in the session of the execution that the host is part of.
#[tokio::test]
async fn a_host_inside_that_is_killed_takes_its_own_executions_along() {
    for round in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let deaf = format!("trap '' TERM; echo $$ > {}; while :; do sleep 0.05; done", pid.display());
        let deaf = script(&dir, "deaf.sh", &deaf);
        let line = format!("'{}' host '{}' 'sh {deaf}'; :", child(), dir.path().join("logs").display());
        let running = Running::start(&line, LONG_GRACE_MS);
        eventually("it runs", || text_of(&pid).ends_with('\n')).await;
        assert!(running.test.engine.kill(running.id).unwrap());
        running.end().await;
        let pid = text_of(&pid).trim().parse().unwrap();
        eventually(&format!("round {round}: its execution has ended"), || !is_running(pid)).await;
    }
}
