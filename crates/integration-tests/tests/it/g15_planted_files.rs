//! G15: in a folder that others can write to, nothing that they put there is followed or overwritten.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use execution_engine::{ExecutionRequest, ExecutionStatus};
use integration_tests::{Host, TestEngine, child};
use serde_json::Value;
use uuid::Uuid;

const NAME: &str = "cloudops-executions";

/// Runs a host that logs where it does by default, in this temporary folder.
fn by_default(temporary: &Path) -> Value {
    let mut command = Command::new(child());
    command.args(["host", "", "echo x"]).env("TMPDIR", temporary);
    Host::from(&mut command).result()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_default_folder_is_made_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = by_default(dir.path())["log_path"].as_str().unwrap().to_owned();
    assert!(log.starts_with(dir.path().join(NAME).to_str().unwrap()), "{log}");
    assert_eq!((mode(&dir.path().join(NAME)), mode(log.as_ref())), (0o700, 0o600));
}

#[test]
fn an_open_default_folder_is_closed_to_others() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(NAME)).unwrap();
    std::fs::set_permissions(dir.path().join(NAME), PermissionsExt::from_mode(0o777)).unwrap();
    assert!(by_default(dir.path())["log_path"].is_string());
    assert_eq!(mode(&dir.path().join(NAME)), 0o700);
}

#[test]
fn a_default_folder_that_is_a_link_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, dir.path().join(NAME)).unwrap();
    let result = by_default(dir.path());
    let log = result["log_path"].as_str().unwrap();
    assert!(log.contains(&format!("{NAME}-")), "a folder of this user's beside it: {log}");
    assert_eq!(std::fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn a_default_folder_of_somebody_else_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let planted = dir.path().join(NAME);
    std::fs::create_dir(&planted).unwrap();
    // Only root can give a folder away; for others the link above stands for the same.
    if std::os::unix::fs::chown(&planted, Some(65_534), Some(65_534)).is_err() {
        return;
    }
    let result = by_default(dir.path());
    let log = result["log_path"].as_str().unwrap();
    assert!(log.contains(&format!("{NAME}-")), "{log}");
    assert_eq!(std::fs::read_dir(planted).unwrap().count(), 0);
}

#[tokio::test]
async fn whatever_stands_where_a_log_should_go_is_left_as_it_is_and_holds_up_nobody() {
    let test = TestEngine::new();
    std::fs::create_dir(test.log_dir()).unwrap();
    let kept = test.dir.path().join("kept");
    std::fs::write(&kept, "mine").unwrap();
    let plant: [fn(&Path, &Path); 4] = [
        |place, kept| symlink(kept, place).unwrap(),
        |place, kept| std::fs::hard_link(kept, place).unwrap(),
        // Opening a FIFO to write would wait for a reader.
        |place, _| assert!(Command::new("mkfifo").arg(place).status().unwrap().success()),
        |place, _| std::fs::create_dir(place).unwrap(),
    ];
    for plant in plant {
        let id = Uuid::now_v7();
        plant(&test.log_dir().join(format!("{id}.log")), &kept);
        let result = test.run(ExecutionRequest::shell("echo x").id(id)).await;
        assert_eq!((result.status, result.stdout.as_str()), (ExecutionStatus::Completed, "x\n"));
        assert_eq!(result.log_path, None);
        assert!(result.log_error.as_ref().unwrap().contains("there is no log"), "{:?}", result.log_error);
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine");
    }
}
