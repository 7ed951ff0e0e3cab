//! G15: in a folder that others can write to, nothing that they put there is followed or overwritten.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use execution_engine::{ExecutionRequest, ExecutionStatus, LogState, RecoverOptions};
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
fn a_default_folder_of_another_user_is_not_used() {
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
async fn whatever_stands_where_a_log_should_go_is_left_alone_and_blocks_no_execution() {
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

/// Puts something where the second part of a log would be.
fn plant_later_part(place: &Path, kind: usize, kept: &Path) {
    match kind {
        0 => std::fs::write(place, "my own notes\n").unwrap(),
        1 => std::fs::write(place, "#execlog/ my heading\n").unwrap(),
        2 => symlink(kept, place).unwrap(),
        3 => assert!(Command::new("mkfifo").arg(place).status().unwrap().success()),
        4 => std::fs::create_dir(place).unwrap(),
        _ => drop(UnixListener::bind(place).unwrap()),
    }
}

/// Takes the end of a log, and the life of its writer.
fn cut_off(log: &Path) {
    let written = std::fs::read_to_string(log).unwrap();
    let (header, rest) = written.split_once('\n').unwrap();
    let mut fields: Value = serde_json::from_str(header.strip_prefix("#execlog/1 ").unwrap()).unwrap();
    fields["host"]["boot_id"] = "elsewhere".into();
    let rest = rest.split_once("#end ").unwrap().0;
    std::fs::write(log, format!("#execlog/1 {fields}\n{rest}")).unwrap();
}

#[tokio::test]
async fn files_only_named_like_later_parts_are_neither_read_nor_written_nor_deleted() {
    for (kind, is_cut_off) in (0..6).flat_map(|kind| [(kind, false), (kind, true)]) {
        let test = TestEngine::new();
        let kept = test.dir.path().join("kept");
        std::fs::write(&kept, "mine").unwrap();
        let result = test.run(ExecutionRequest::shell("echo x")).await;
        let log = result.log_path.clone().unwrap();
        if is_cut_off {
            cut_off(&log);
        }
        let place = test.log_dir().join(format!("{}.2.log", result.id));
        plant_later_part(&place, kind, &kept);
        let (planted, content) = (std::fs::symlink_metadata(&place).unwrap(), std::fs::read(&kept).unwrap());

        let later = TestEngine::with(|config| config.log_dir(test.log_dir()).log_retention_secs(0));
        let read = later.engine.read_logs(result.id).await.unwrap();
        assert_eq!(read, std::fs::read_to_string(&log).unwrap(), "{kind}");
        let recovered = later.engine.recover(RecoverOptions::default()).await.unwrap();
        assert_eq!(recovered.len(), usize::from(is_cut_off), "{kind}");
        assert_eq!(later.engine.list_logs().await.unwrap()[0].state, LogState::Ended, "{kind}");
        assert_eq!(later.engine.recover(RecoverOptions::default()).await.unwrap(), [], "{kind}");
        assert_eq!(later.engine.cleanup_old_executions().await.files, 1, "{kind}");
        assert!(!log.exists(), "{kind}");
        let now = std::fs::symlink_metadata(&place).unwrap();
        assert_eq!(
            (now.ino(), now.len(), now.file_type()),
            (planted.ino(), planted.len(), planted.file_type())
        );
        assert_eq!(std::fs::read(&kept).unwrap(), content);
    }
}

#[tokio::test]
async fn a_file_that_only_begins_like_a_log_is_never_deleted() {
    let test = TestEngine::with(|config| config.log_retention_secs(0));
    std::fs::create_dir(test.log_dir()).unwrap();
    let own = test.log_dir().join(format!("{}.log", Uuid::now_v7()));
    std::fs::write(&own, "#execlog/ my heading\n").unwrap();
    assert_eq!(test.engine.cleanup_old_executions().await.files, 0);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "#execlog/ my heading\n");
}

#[tokio::test]
async fn a_copy_of_a_log_under_another_id_is_neither_recovered_nor_deleted() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::shell("echo x")).await;
    let log = result.log_path.clone().unwrap();
    cut_off(&log);
    let copy = test.log_dir().join(format!("{}.log", Uuid::now_v7()));
    std::fs::copy(&log, &copy).unwrap();
    let written = std::fs::read(&copy).unwrap();

    let later = TestEngine::with(|config| config.log_dir(test.log_dir()).log_retention_secs(0));
    let recovered = later.engine.recover(RecoverOptions::default()).await.unwrap();
    assert_eq!(recovered.iter().map(|found| found.id).collect::<Vec<_>>(), [result.id]);
    later.engine.cleanup_old_executions().await;
    assert!(!log.exists());
    assert_eq!(std::fs::read(&copy).unwrap(), written);
}
