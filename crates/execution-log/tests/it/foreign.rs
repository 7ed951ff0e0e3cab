//! Files that only have a part's name are passed over.

use std::fs;
use std::io::Write;
use std::path::Path;

use execution_log::format::header_line;
use execution_log::{LogHeader, LogPosition, LogReader, LogState, names};
use uuid::Uuid;

use crate::support::{Logs, at, dead_host, footer, output, text};

type Plant = fn(&Logs, &Path);

/// Everything that may have the name of a second part and is none.
const PLANTS: &[Plant] = &[
    |_, path| fs::write(path, "my own notes\n").unwrap(),
    |_, path| fs::write(path, "#execlog/ my heading\n").unwrap(),
    |_, path| fs::write(path, "").unwrap(),
    |_, path| fs::write(path, [0; 5000]).unwrap(),
    |_, path| fs::create_dir(path).unwrap(),
    // Copies: of the first part, and of another log's second part.
    |logs, path| assert!(fs::copy(logs.path(1), path).is_ok()),
    |_, path| fs::write(path, Logs::new().header(2) + &output("another log's")).unwrap(),
    #[cfg(unix)]
    |logs, path| {
        let target = logs.dir.path().join("target");
        fs::write(&target, logs.header(2) + &output("linked")).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    },
    #[cfg(unix)]
    |_, path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
    #[cfg(target_os = "linux")]
    |_, path| {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    },
];

/// A log with a planted second part, and whether it is complete otherwise.
fn planted() -> impl Iterator<Item = (Logs, bool)> {
    PLANTS.iter().flat_map(|plant| [true, false].map(|is_complete| (plant, is_complete))).map(
        |(plant, is_complete)| {
            let logs = Logs::new();
            let end = if is_complete { footer() } else { String::new() };
            logs.part(1, &(logs.header_by(1, dead_host()) + &output("one") + &end));
            plant(&logs, &logs.path(2));
            (logs, is_complete)
        },
    )
}

#[test]
fn a_foreign_file_named_like_a_later_part_changes_nothing_about_a_log() {
    for (case, (logs, is_complete)) in planted().enumerate() {
        let log = logs.folder().log(logs.id).unwrap();
        let state = if is_complete { LogState::Ended } else { LogState::Interrupted };
        assert_eq!((log.state, log.footer.is_some()), (state, is_complete), "{case}");
        assert_eq!(log.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1], "{case}");
        assert_eq!(log.bytes, log.parts[0].bytes, "{case}");
        assert_eq!(logs.folder().parts(logs.id), [1], "{case}");
    }
}

#[test]
fn a_reader_passes_over_a_foreign_file_and_goes_on_behind_it() {
    for (case, (logs, _)) in planted().filter(|(_, is_complete)| !is_complete).enumerate() {
        logs.part(3, &(logs.header(3) + &output("three") + &footer()));
        let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
        let lines: Vec<_> = reader.by_ref().map(|record| text(record.unwrap())).collect();
        assert_eq!(lines, ["one", "three"], "{case}");
        assert!(reader.footer().is_some() && reader.damage().missing_parts == 1, "{case}");
        assert_eq!(logs.folder().log(logs.id).unwrap().state, LogState::Ended, "{case}");
    }
}

/// A file that is no part must not take a reader away from the part that is being written.
#[test]
fn a_reader_stays_in_a_live_part_beside_a_foreign_file() {
    for plant in PLANTS {
        let logs = Logs::new();
        let mut file = logs.part(1, &(logs.header(1) + &output("one")));
        plant(&logs, &logs.path(2));
        let mut reader = LogReader::open_in(&logs.folder(), logs.id, LogPosition::START).unwrap();
        assert_eq!(reader.page(10).unwrap().records.len(), 1);
        file.write_all(output("two").as_bytes()).unwrap();
        assert_eq!(reader.page(10).unwrap().records.len(), 1);
    }
}

#[test]
fn only_a_file_with_a_version_and_its_own_id_is_known_to_be_ours() {
    let other = Logs::new();
    let contents = [
        "#execlog/ my heading\n",
        "#execlog/+1 my heading\n",
        "#execlog/x\n",
        &(other.header(1) + &footer()),
    ];
    for content in contents {
        let logs = Logs::new();
        logs.part(1, content);
        let folder = logs.folder();
        assert_eq!(folder.files().unwrap()[0].of_a_log(&folder), [], "{content}");
    }
}

#[test]
fn a_copy_of_a_log_under_another_id_is_no_log() {
    let logs = Logs::new();
    // Longer than what is read at first.
    let mut header = LogHeader::new(logs.id, at(), 4711, dead_host());
    header.argv = vec!["long".repeat(50_000)];
    logs.part(1, &(header_line(&header) + &output("one")));
    let copy = Uuid::now_v7();
    fs::copy(logs.path(1), logs.dir.path().join(names::part_name(copy, 1))).unwrap();
    let listed = logs.folder().logs().unwrap();
    assert_eq!(
        listed.iter().map(|log| (log.id, log.state)).collect::<Vec<_>>(),
        [(logs.id, LogState::Interrupted)]
    );
}
