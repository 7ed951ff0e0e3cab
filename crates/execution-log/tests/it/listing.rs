//! What is on disk.

use execution_log::format::header_line;
use execution_log::names::spill_name;
use execution_log::{
    ExecutionStatus, LogFolder, LogHeader, LogHost, LogPosition, LogReader, LogState, OutputStream, lock,
};

use crate::support::{Logs, at, dead_host, footer, output};

fn state(logs: &Logs) -> LogState {
    logs.folder().log(logs.id).unwrap().state
}

#[test]
fn a_log_says_how_its_execution_ended() {
    let ended = Logs::new();
    ended.part(1, &(ended.header(1) + &output("one") + &footer()));
    let log = ended.folder().log(ended.id).unwrap();
    assert_eq!((log.state, log.version), (LogState::Ended, Some(1)));
    assert_eq!(log.header.unwrap().command, "a command");
    assert_eq!(log.footer.unwrap().status, ExecutionStatus::Completed);

    let running = Logs::new();
    let file = running.part(1, &running.header(1));
    lock::hold(&file);
    assert_eq!(state(&running), LogState::Running, "this program lives and writes it");

    let interrupted = Logs::new();
    interrupted.part(1, &(interrupted.header_by(1, dead_host()) + &output("one")));
    assert_eq!(state(&interrupted), LogState::Interrupted);
}

#[test]
fn a_process_id_alone_proves_nothing() {
    let unlike: [fn(&mut LogHost); 3] = [
        |host| host.start_time = host.start_time.map(|time| time + 1),
        |host| host.start_time = None,
        |host| host.boot_id = Some("another boot".to_owned()),
    ];
    for change in unlike {
        let logs = Logs::new();
        let mut host = LogHost::current("test");
        change(&mut host);
        logs.part(1, &logs.header_by(1, host));
        assert_eq!(state(&logs), LogState::Interrupted);
    }
}

#[cfg(unix)]
#[test]
fn a_log_that_is_held_is_running_whatever_its_header_says() {
    let logs = Logs::new();
    let file = logs.part(1, "");
    lock::hold(&file);
    assert_eq!(state(&logs), LogState::Running, "it has no header yet");
    drop(file);
    std::fs::remove_file(logs.path(1)).unwrap();
    let file = logs.part(1, &logs.header_by(1, dead_host()));
    lock::hold(&file);
    logs.part(2, &logs.header_by(2, dead_host()));
    assert_eq!(state(&logs), LogState::Running);
    drop(file);
    assert_eq!(state(&logs), LogState::Interrupted);
}

/// A disk that was full, or a bug, cost it its end. It used to count as running as long as the program.
#[cfg(unix)]
#[test]
fn a_log_that_a_living_program_has_given_up_is_not_running() {
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one")));
    assert_eq!(state(&logs), LogState::Interrupted);
}

#[test]
fn damaged_logs_are_listed_as_such_and_hide_no_others() {
    let nuls = "\0".repeat(100_000);
    let damaged: [fn(&Logs, &str) -> String; 6] = [
        |_, _| String::new(),
        |_, nuls| nuls.to_owned(),
        |logs, _| logs.header(1).replace("\"id\"", "\"di\"") + &output("one"),
        |logs, _| logs.header(1) + &output("one") + "#end {torn}\n",
        |_, _| "garbage\n".to_owned() + &output("one") + &footer(),
        |_, _| "#execlog/2 {\"of\":\"a later version\"}\n".to_owned(),
    ];
    let whole = Logs::new();
    whole.part(1, &(whole.header(1) + &footer()));
    for make in damaged {
        let mut logs = Logs::new();
        logs.part(1, &make(&logs, &nuls));
        let id = logs.id;
        logs.id = whole.id;
        logs.part(1, &(logs.header(1) + &footer()));
        let listed = logs.folder().logs().unwrap();
        assert_eq!(listed.len(), 2);
        let state = |id| listed.iter().find(|log| log.id == id).unwrap().state;
        assert_eq!((state(id), state(whole.id)), (LogState::Damaged, LogState::Ended));
    }
}

#[test]
fn a_later_part_identifies_a_log_whose_first_part_is_damaged() {
    let logs = Logs::new();
    logs.part(1, &"\0".repeat(5000));
    logs.part(2, &(logs.header(2) + &output("two") + &footer()));
    let log = logs.folder().log(logs.id).unwrap();
    assert_eq!((log.state, log.header.unwrap().part), (LogState::Ended, 2));
}

/// An argument may be as long as the system allows. Beyond a sane length the log is still listed.
#[test]
fn a_log_with_a_long_header_is_listed() {
    for (megabytes, state) in [(5, LogState::Ended), (17, LogState::Damaged)] {
        let logs = Logs::new();
        let mut header = LogHeader::new(logs.id, at(), 4711, dead_host());
        header.argv = vec!["x".repeat(megabytes << 20)];
        logs.part(1, &(header_line(&header) + &output("one") + &footer()));
        let [log] = &logs.folder().logs().unwrap()[..] else { panic!("{megabytes}") };
        assert_eq!((log.state, log.header.is_some()), (state, state == LogState::Ended), "{megabytes}");
        let mut reader = LogReader::open_in(&logs.folder(), logs.id, LogPosition::START).unwrap();
        assert_eq!(reader.by_ref().flatten().count(), 1, "{megabytes}");
        assert_eq!(reader.header().is_some(), state == LogState::Ended, "{megabytes}");
    }
}

/// Root reads everything, so this needs another user.
#[cfg(unix)]
#[test]
fn a_log_that_cannot_be_opened_is_listed_as_damaged() {
    use std::os::unix::fs::PermissionsExt;
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one") + &footer()));
    std::fs::set_permissions(logs.path(1), PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::File::open(logs.path(1)).is_ok() {
        eprintln!("skipped: root reads every file");
        return;
    }
    let folder = logs.folder();
    assert_eq!(state(&logs), LogState::Damaged);
    assert_eq!(folder.files().unwrap()[0].of_a_log(&folder), [], "its owner is unknown");
    let refused = LogReader::open_in(&folder, logs.id, LogPosition::START).unwrap_err();
    assert!(refused.to_string().contains(logs.path(1).to_str().unwrap()), "{refused}");
}

#[test]
fn a_users_own_file_is_no_log_whatever_its_name() {
    let logs = Logs::new();
    logs.part(1, "my own notes\n");
    std::fs::write(logs.dir.path().join(spill_name(logs.id, OutputStream::Stdout)), "more notes").unwrap();
    let folder = logs.folder();
    assert_eq!(folder.logs().unwrap(), []);
    assert_eq!(folder.log(logs.id).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    let files = folder.files().unwrap();
    assert_eq!((files.len(), files[0].of_a_log(&folder)), (1, Vec::new()));
}

#[test]
fn parts_and_whole_streams_are_listed_with_their_sizes() {
    let logs = Logs::new();
    for part in [1, 12, 3] {
        logs.part(part, &logs.header(part));
    }
    let spill = logs.dir.path().join(spill_name(logs.id, OutputStream::Stderr));
    std::fs::write(&spill, "12345").unwrap();
    let log = logs.folder().log(logs.id).unwrap();
    assert_eq!(log.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 3, 12]);
    assert_eq!(log.path(), Some(&logs.folder().path().join(format!("{}.log", logs.id))));
    assert_eq!((log.output_files[0].stream, log.output_files[0].bytes), (OutputStream::Stderr, 5));
    assert_eq!(log.bytes, log.parts.iter().map(|part| part.bytes).sum::<u64>() + 5);
}

#[cfg(unix)]
#[test]
fn a_folder_is_never_made_by_opening_it_and_never_another_users() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert_eq!(LogFolder::open(&missing).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    assert!(!missing.exists());
    std::os::unix::fs::symlink(dir.path(), dir.path().join("link")).unwrap();
    assert!(LogFolder::open(dir.path().join("link")).is_err());
    // Only root can give a folder away.
    let given = dir.path().join("given");
    std::fs::create_dir(&given).unwrap();
    if std::os::unix::fs::chown(&given, Some(65_534), None).is_ok() {
        assert_eq!(LogFolder::open(&given).unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
    }
}
