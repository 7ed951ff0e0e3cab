//! What other users put into a log folder that is open to them is neither believed, read nor deleted.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use chrono::Utc;
use execution_engine::{
    EventKind, ExecutionRequest, ExecutionStatus, LogHeader, LogHost, LogPosition, LogState, RecoverOptions,
};
use execution_log::format::header_line;
use execution_log::process::start_time;
use integration_tests::{TestEngine, eventually, is_running};
use uuid::Uuid;

/// Another user, to whom only root can give a file.
const NOBODY: u32 = 65_534;

/// A process of this user that no engine started.
struct Bystander(Child);

impl Bystander {
    fn start() -> Self {
        Self(Command::new("sleep").arg("1000").process_group(0).spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another engine on the folder, to which every log is old. Only when asked: it runs nothing.
fn cleaner(test: &TestEngine) -> TestEngine {
    TestEngine::with(|config| config.log_dir(test.log_dir()).log_retention_secs(0))
}

/// A log whose program has died, of an execution whose leader is this process.
fn forge(folder: &Path, leader: u32) -> (Uuid, PathBuf) {
    let id = Uuid::now_v7();
    let mut host = LogHost::current("forged");
    host.start_time = host.start_time.map(|time| time - 1);
    let mut header = LogHeader::new(id, Utc::now(), leader, host);
    header.pid_start_time = start_time(leader);
    let path = folder.join(format!("{id}.log"));
    std::fs::write(&path, header_line(&header)).unwrap();
    (id, path)
}

/// An engine whose log folder is open to every user, as `/tmp` is.
fn in_a_shared_folder() -> TestEngine {
    let test = TestEngine::new();
    std::fs::create_dir(test.log_dir()).unwrap();
    std::fs::set_permissions(test.log_dir(), PermissionsExt::from_mode(0o1777)).unwrap();
    test
}

fn is_given_away(path: &Path) -> bool {
    let is_given = chown(path, Some(NOBODY), Some(NOBODY)).is_ok();
    if !is_given {
        eprintln!("skipped: only root can give a file to another user");
    }
    is_given
}

#[tokio::test]
async fn another_users_log_is_not_believed() {
    let (test, bystander) = (in_a_shared_folder(), Bystander::start());
    let (id, path) = forge(&test.log_dir(), bystander.pid());
    if !is_given_away(&path) {
        return;
    }
    let written = std::fs::read(&path).unwrap();
    assert_eq!(test.engine.list_logs().await.unwrap(), []);
    let recovered = test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap();
    assert_eq!(recovered, []);
    assert!(is_running(bystander.pid()));
    for refused in [
        test.engine.read_logs(id).await.map(drop),
        test.engine.read_log_records(id, LogPosition::START, 1).await.map(drop),
        test.engine.follow_log_records(id, LogPosition::START, 1).await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "LOG_UNREADABLE");
        let message = refused.to_string();
        assert!(message.contains(path.to_str().unwrap()) && message.contains("another user"), "{message}");
    }
    assert_eq!(cleaner(&test).engine.cleanup_old_executions().await.files, 0);
    assert_eq!(std::fs::read(&path).unwrap(), written);
}

/// A log of this user's own may be wrong, too.
#[tokio::test]
async fn a_process_that_only_a_log_names_is_reported_and_not_killed() {
    let (test, bystander) = (in_a_shared_folder(), Bystander::start());
    let (id, _) = forge(&test.log_dir(), bystander.pid());
    let recovered = test.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap();
    let [found] = &recovered[..] else { panic!("{recovered:?}") };
    assert_eq!((found.id, found.survivors_stopped), (id, false));
    assert_eq!(found.survivors.iter().map(|process| process.pid).collect::<Vec<_>>(), [bystander.pid()]);
    assert!(is_running(bystander.pid()));
}

#[tokio::test]
async fn nothing_is_killed_while_the_host_lives_though_it_gave_up_the_log() {
    let test = in_a_shared_folder();
    let id = test.engine.execute(ExecutionRequest::shell("sleep 1000")).unwrap();
    let log = test.log_dir().join(format!("{id}.log"));
    eventually("it has a log", || std::fs::metadata(&log).is_ok_and(|meta| meta.len() > 0)).await;
    // A copy has the same header, and no lock.
    let copies = TestEngine::new();
    std::fs::create_dir(copies.log_dir()).unwrap();
    std::fs::copy(&log, copies.log_dir().join(format!("{id}.log"))).unwrap();
    assert_eq!(copies.engine.list_logs().await.unwrap()[0].state, LogState::Interrupted);
    let recovered = copies.engine.recover(RecoverOptions::default().stop_survivors(true)).await.unwrap();
    let [found] = &recovered[..] else { panic!("{recovered:?}") };
    assert!(!found.survivors.is_empty() && !found.survivors_stopped, "{found:?}");
    assert!(found.survivors.iter().all(|process| is_running(process.pid)));
    let result = copies.engine.get_result(id).unwrap().unwrap();
    assert!(result.error.as_ref().unwrap().message.contains("stopped writing"), "{:?}", result.error);
    test.engine.kill(id).unwrap();
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn foreign_files_beside_a_log_are_not_deleted_with_it() {
    let plants: [fn(&Path); 3] = [
        |path| symlink("/etc/hostname", path).unwrap(),
        |path| {
            std::fs::write(path.with_extension("second"), "mine").unwrap();
            std::fs::hard_link(path.with_extension("second"), path).unwrap();
        },
        |path| {
            std::fs::write(path, "another user's").unwrap();
            if !is_given_away(path) {
                std::fs::remove_file(path).unwrap();
                std::fs::create_dir(path).unwrap();
            }
        },
    ];
    for (case, plant) in plants.into_iter().enumerate() {
        let test = in_a_shared_folder();
        let result = test.run(ExecutionRequest::shell("echo x")).await;
        let planted = test.log_dir().join(format!("{}.stdout", result.id));
        plant(&planted);
        let log = &test.engine.list_logs().await.unwrap()[0];
        assert_eq!((log.id, log.output_files.len()), (result.id, 0), "{case}");
        assert_eq!(cleaner(&test).engine.cleanup_old_executions().await.files, 1, "{case}");
        assert!(planted.symlink_metadata().is_ok(), "{case}");
    }
}

#[tokio::test]
async fn a_configured_folder_that_is_a_link_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    std::fs::create_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    for path in [link.clone(), link.join("")] {
        let test = TestEngine::with(|config| config.log_dir(path));
        let result = test.run(ExecutionRequest::shell("echo x")).await;
        assert_eq!((result.status, &result.log_path), (ExecutionStatus::Completed, &None));
        let error = result.log_error.as_ref().unwrap();
        assert!(error.contains(link.to_str().unwrap()) && error.contains("symbolic link"), "{error}");
        for refused in [
            test.engine.list_logs().await.map(drop),
            test.engine.recover(RecoverOptions::default()).await.map(drop),
            test.engine.read_logs(result.id).await.map(drop),
        ] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), "LOG_UNREADABLE");
            assert!(refused.to_string().contains(link.to_str().unwrap()), "{refused}");
        }
    }
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_others_can_replace_is_warned_of_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let test = TestEngine::with(|config| config.log_dir(dir.path().join("logs")));
    let mut warnings = Vec::new();
    for _ in 0..2 {
        let (result, events) = test.run_observed(ExecutionRequest::shell("echo x")).await;
        assert!(result.log_path.is_some() && result.log_error.is_none());
        warnings.extend(events.all().into_iter().filter_map(|event| match event.kind {
            EventKind::Warning { message } => Some(message),
            _ => None,
        }));
    }
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.contains(dir.path().join("logs").to_str().unwrap()), "{warning}");
    assert!(warning.contains(&format!("may write to {}", dir.path().display())), "{warning}");
}
