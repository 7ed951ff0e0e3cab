//! G9: what runs as another user cannot be stopped, and the result says so at once.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use execution_engine::ExecutionConfig;
use integration_tests::{Host, child, eventually, have, is_running};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

const UNPRIVILEGED: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// A set-user-ID program, and a host that runs as an unprivileged user.
struct Setup {
    dir: TempDir,
    as_root: String,
}

impl Setup {
    /// `None` if these tests do not run as root.
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mode =
            |path: &PathBuf, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        mode(&dir.path().to_owned(), 0o777);
        let host = dir.path().join("test-child");
        std::fs::copy(child(), &host).unwrap();
        mode(&host, 0o755);
        let as_root = dir.path().join("as-root");
        let has_setpriv =
            ["/usr/bin/setpriv", "/bin/setpriv"].iter().any(|one| std::fs::copy(one, &as_root).is_ok());
        if !has_setpriv || !have("setpriv", &[&UNPRIVILEGED[..], &["true"]].concat()) {
            return None;
        }
        mode(&as_root, 0o4755);
        let as_root = format!("{} --reuid=0 --regid=0 --clear-groups", as_root.display());
        // Not where its folder is mounted with `nosuid`.
        let works = have("setpriv", &[&UNPRIVILEGED[..], &["sh", "-c", &format!("{as_root} true")]].concat());
        works.then_some(Self { dir, as_root })
    }

    /// The result of a line in which `AS-ROOT` starts a program as root.
    fn run(&self, line: &str, timeout_ms: u64, grace_ms: u64) -> Value {
        let config = ExecutionConfig::default()
            .log_dir(self.dir.path().join("logs"))
            .default_timeout_ms(timeout_ms)
            .kill_grace_ms(grace_ms);
        let mut command = Command::new("setpriv");
        command
            .args(UNPRIVILEGED)
            .arg(self.dir.path().join("test-child"))
            .arg("host")
            .arg(serde_json::to_string(&config).unwrap())
            .arg(line.replace("AS-ROOT", &self.as_root));
        Host::from(&mut command).result()
    }
}

fn message(result: &Value) -> &str {
    result["error"]["message"].as_str().unwrap()
}

/// The only process left, which is stopped here.
fn only_leftover(result: &Value) -> u32 {
    let left = result["leftover_processes"].as_array().unwrap();
    assert_eq!((left.len(), left[0]["name"].as_str()), (1, Some("sleep")), "{result}");
    let pid = u32::try_from(left[0]["pid"].as_u64().unwrap()).unwrap();
    assert!(is_running(pid));
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
    pid
}

#[tokio::test]
async fn a_program_that_runs_as_another_user_is_named_and_not_waited_for() {
    let Some(setup) = Setup::new() else { return };
    let begun = Instant::now();
    let result = setup.run("exec AS-ROOT sleep 1000", 300, 600_000);
    assert_eq!(result["status"], "timeout");
    let pid = only_leftover(&result);
    let message = message(&result);
    assert!(message.contains(&format!("`sleep` (pid {pid}) runs as another user")), "{message}");
    assert!(!message.contains("was stopped") && !message.contains("more time"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(300), "the grace period is not waited for");
    eventually("this test has stopped it", || !is_running(pid)).await;
}

#[tokio::test]
async fn one_that_the_program_has_started_is_named_too() {
    let Some(setup) = Setup::new() else { return };
    for line in ["AS-ROOT sleep 1000 & wait", "AS-ROOT setsid sleep 1000 & trap '' TERM; wait; wait"] {
        let result = setup.run(line, 1000, 300);
        let pid = only_leftover(&result);
        let message = message(&result);
        assert!(message.contains(&format!("`sleep` (pid {pid}) runs as another user")), "{line}: {message}");
        assert!(!message.contains("was stopped"), "{line}: {message}");
    }
}

#[tokio::test]
async fn one_that_ends_by_itself_meanwhile_was_not_stopped() {
    let Some(setup) = Setup::new() else { return };
    // The other one is deaf and has the grace period, in which the leader ends.
    let result = setup.run("(trap '' TERM; sleep 1000) & exec AS-ROOT sleep 3", 1000, 6000);
    assert_eq!((&result["status"], &result["exit_code"]), (&"timeout".into(), &0.into()), "{result}");
    assert_eq!(result["leftover_processes"], Value::Array(Vec::new()));
    let message = message(&result);
    assert!(message.contains("ended by itself") && !message.contains("was stopped"), "{message}");
}
