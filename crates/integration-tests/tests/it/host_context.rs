//! Environment and working folder are those of the call, whatever the host does afterwards.

use std::path::Path;
use std::process::Command;

use execution_engine::{ExecutionEngine, ExecutionRequest, InheritEnv};
use integration_tests::{TestEngine, child, child_request};
use serde_json::Value;
use tempfile::TempDir;

/// What a host reports that moved and changed its environment between its calls.
fn report() -> (Value, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(child()).arg("moving-host").arg(dir.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (serde_json::from_slice(&output.stdout).unwrap(), dir)
}

fn seen(value: &str, dir: &Path) -> String {
    format!("{value} in {}", dir.display())
}

#[test]
fn a_command_has_the_environment_and_the_folder_of_its_call() {
    let (report, dir) = report();
    let of_the_call = (0..30).map(|number| seen(&number.to_string(), &dir.path().join("first")));
    assert_eq!(report["at_once"], of_the_call.collect::<Value>());
}

#[test]
fn so_has_one_that_waited_for_its_turn() {
    let (report, dir) = report();
    let first = dir.path().join("first");
    let of_the_call =
        [seen("at the call", &first), seen("at the call", &first.join("inner")), "found".into()];
    assert_eq!(report["queued"], of_the_call.into_iter().collect::<Value>());
}

#[test]
fn a_relative_log_folder_is_in_the_folder_where_the_engine_was_made() {
    let (report, dir) = report();
    assert_eq!(report["logs"], dir.path().join("first/logs").to_str().unwrap());
}

#[test]
fn a_deleted_folder_fails_what_depends_on_it_and_nothing_else() {
    let (report, _dir) = report();
    let (lost_before, lost_after) = ("ran", "WORKING_DIR_NOT_FOUND");
    let expected = [lost_before, "WORKING_DIR_NOT_FOUND", lost_after].into_iter().collect::<Value>();
    assert_eq!(report["deleted"], expected, "a command never runs in a folder that its host moved to later");
}

#[test]
fn of_two_variables_with_one_name_children_get_the_first_as_their_host_does() {
    let dir = tempfile::tempdir().unwrap();
    // No shell and no `env` passes both on: this asks the system itself.
    let script = "import ctypes, sys\n\
        words = [b'host', sys.argv[2].encode(), b'printenv TWICE']\n\
        host, libc = [sys.argv[1].encode()] + words, ctypes.CDLL(None)\n\
        env = [b'TWICE=first', b'TWICE=second', b'PATH=/usr/bin:/bin', None]\n\
        text = lambda all: (ctypes.c_char_p * len(all))(*all)\n\
        libc.execve(host[0], text(host + [None]), text(env))";
    if !integration_tests::have("python3", &["--version"]) {
        return;
    }
    let mut command = Command::new("python3");
    let mut host =
        integration_tests::Host::from(command.args(["-c", script]).arg(child()).arg(dir.path().join("logs")));
    assert_eq!(host.line_after(""), "first");
}

#[tokio::test]
async fn an_environment_that_the_engine_was_given_stands_for_the_process_s() {
    let given = [("PATH", "/usr/bin:/bin"), ("GIVEN", "yes"), ("A=B", "no name"), ("", "no name")];
    let test = TestEngine::build(|config| ExecutionEngine::builder(config).environment(given));
    let of = |stdout: &str| -> Vec<String> {
        let all: std::collections::BTreeMap<String, String> = serde_json::from_str(stdout).unwrap();
        all.into_keys().collect()
    };
    let result = test.run(child_request(&["env"])).await;
    assert_eq!(of(&result.stdout), ["ESCHER_EXECUTION_ID", "GIVEN", "PATH"]);
    let nothing = ExecutionRequest::exec(child(), ["env"]).inherit_env(InheritEnv::All(false));
    assert_eq!(of(&test.run(nothing).await.stdout), ["ESCHER_EXECUTION_ID"]);
}
