//! Only plain files of this user are logs: others may have put the rest there.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use execution_log::names::spill_name;
use execution_log::{LogFolder, LogPosition, LogReader, LogState, OutputStream, UserFolder};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Logs, dead_host, footer, output};

/// Another user, whom only root can give a file.
const NOBODY: u32 = 65_534;

/// Everything but a plain file of this user that may have a file's name. The last one only root can make.
fn plants() -> impl Iterator<Item = fn(&Path)> {
    let plants: [fn(&Path); 6] = [
        |path| {
            fs::rename(path, path.with_extension("target")).unwrap();
            symlink(path.with_extension("target"), path).unwrap();
        },
        |path| fs::hard_link(path, path.with_extension("second")).unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            drop(std::os::unix::net::UnixListener::bind(path).unwrap());
        },
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        |path| chown(path, Some(NOBODY), None).unwrap(),
    ];
    let usable = if rustix::process::geteuid().is_root() { 6 } else { 5 };
    plants.into_iter().take(usable)
}

#[test]
fn only_regular_files_of_this_user_are_logs() {
    for (case, plant) in plants().enumerate() {
        let logs = Logs::new();
        logs.part(1, &(logs.header_by(1, dead_host()) + &output("one")));
        plant(&logs.path(1));
        let folder = logs.folder();
        assert_eq!(folder.logs().unwrap(), [], "{case}");
        assert_eq!(folder.parts(logs.id), [0; 0], "{case}");
        assert_eq!(folder.files().unwrap(), [], "{case}");
        let refused = LogReader::open_in(&folder, logs.id, LogPosition::START).unwrap_err();
        assert!(refused.to_string().contains(logs.path(1).to_str().unwrap()), "{case}: {refused}");
        assert!(folder.user_folder().append(&format!("{}.log", logs.id)).is_err(), "{case}");
    }
}

#[test]
fn only_regular_files_of_this_user_belong_to_a_log() {
    for (case, plant) in plants().enumerate() {
        let logs = Logs::new();
        logs.part(1, &(logs.header(1) + &footer()));
        let spill = logs.dir.path().join(spill_name(logs.id, OutputStream::Stdout));
        for planted in [&spill, &logs.path(2)] {
            fs::write(planted, logs.header(2)).unwrap();
            plant(planted);
        }
        let folder = logs.folder();
        let log = folder.log(logs.id).unwrap();
        assert_eq!((log.state, log.parts.len(), log.output_files.len()), (LogState::Ended, 1, 0), "{case}");
        let [files] = &folder.files().unwrap()[..] else { panic!("{case}") };
        assert_eq!(files.of_a_log(&folder).len(), 1, "{case}: only the log itself may be deleted");
    }
}

#[test]
fn a_folder_that_is_a_link_is_refused_however_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("target")).unwrap();
    symlink(dir.path().join("target"), dir.path().join("link")).unwrap();
    symlink(dir.path().join("missing"), dir.path().join("dangling")).unwrap();
    for name in ["link", "link/", "link/.", "link//", "dangling"] {
        let path = PathBuf::from(format!("{}/{name}", dir.path().display()));
        for refused in [LogFolder::open(&path).map(drop), UserFolder::open_or_create(&path).map(drop)] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{name}: {refused}");
            assert!(refused.to_string().contains("name the folder it points to"), "{name}: {refused}");
        }
    }
    assert!(!dir.path().join("missing").exists());
    assert_eq!(fs::read_dir(dir.path().join("target")).unwrap().count(), 0);
    // A link on the way is the caller's own choice.
    fs::create_dir(dir.path().join("target/logs")).unwrap();
    assert!(LogFolder::open(dir.path().join("link/logs")).is_ok());
}

#[test]
fn an_open_folder_stays_the_same_when_another_takes_its_name() {
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one") + &footer()));
    let path = logs.dir.path().join("logs");
    fs::create_dir(&path).unwrap();
    fs::rename(logs.path(1), path.join(format!("{}.log", logs.id))).unwrap();
    let folder = LogFolder::open(&path).unwrap();
    fs::rename(&path, logs.dir.path().join("moved")).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join(format!("{}.log", uuid::Uuid::now_v7())), logs.header(1)).unwrap();
    assert_eq!(folder.logs().unwrap().iter().map(|log| log.id).collect::<Vec<_>>(), [logs.id]);
    assert_eq!(LogReader::open_in(&folder, logs.id, LogPosition::START).unwrap().count(), 1);
    assert!(!folder.user_folder().is_deleted());
}

#[test]
fn a_folder_tells_when_others_can_replace_it() {
    let dir = tempfile::tempdir().unwrap();
    if let Some(exposure) = UserFolder::open(dir.path()).unwrap().exposure() {
        eprintln!("skipped: {exposure}");
        return;
    }
    let (parent, logs) = (dir.path().join("parent"), dir.path().join("parent/between/logs"));
    fs::create_dir_all(&logs).unwrap();
    let exposure = |mode| {
        fs::set_permissions(&parent, PermissionsExt::from_mode(mode)).unwrap();
        UserFolder::open(&logs).unwrap().exposure()
    };
    assert_eq!(exposure(0o755), None);
    assert_eq!(exposure(0o1777), None, "there, only its owner can rename a folder");
    assert!(exposure(0o777).unwrap().contains("may write"));
    if chown(&parent, Some(NOBODY), None).is_ok() {
        assert!(exposure(0o755).unwrap().contains("uid 65534"));
        assert!(exposure(0o1777).unwrap().contains("uid 65534"), "an owner can rename what is in it");
    }
}

#[test]
fn a_name_is_never_a_path() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("inner")).unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let folder = UserFolder::open(dir.path().join("inner")).unwrap();
    for name in ["../file", "/etc/hostname", "..", ".", "", "a/b", "a/"] {
        assert!(folder.file(name).is_err() && folder.create(name).is_err(), "{name}");
        assert!(folder.remove(name).is_err() && folder.append(name).is_err(), "{name}");
    }
    assert!(dir.path().join("file").exists());
}
