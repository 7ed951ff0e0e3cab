//! Records and the positions between them.

use std::io::Write;

use execution_log::{LogPosition, LogReader, has_footer};

use crate::support::{Logs, footer, output, text};

#[test]
fn reading_goes_on_where_another_reader_left_off() {
    let logs = Logs::new();
    let mut file = logs.part(1, &(logs.header(1) + &output("one") + &output("two")));
    let folder = logs.folder();
    let first = LogReader::open_in(&folder, logs.id, LogPosition::START).unwrap().page(1).unwrap();
    assert!(!first.at_end && !first.has_ended);
    file.write_all((output("three") + &footer()).as_bytes()).unwrap();
    let next: LogPosition = first.next.to_string().parse().unwrap();
    let rest = LogReader::open_in(&folder, logs.id, next).unwrap().page(100).unwrap();
    let texts: Vec<_> = first.records.into_iter().chain(rest.records).map(text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert!(rest.at_end && rest.has_ended);
}

#[test]
fn a_dropped_first_part_hides_none_of_the_others() {
    let logs = Logs::new();
    logs.part(3, &(logs.header(3) + &output("three")));
    logs.part(7, &(logs.header(7) + &output("seven") + &footer()));
    let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
    let texts: Vec<_> = reader.by_ref().map(|record| text(record.unwrap())).collect();
    assert_eq!(texts, ["three", "seven"]);
    assert_eq!((reader.damage().bad_lines, reader.damage().missing_parts), (0, 5));
}

/// The part number after the highest possible one used to overflow.
#[test]
fn any_position_can_be_asked_for() {
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one")));
    logs.part(u32::MAX, &(logs.header(u32::MAX) + &output("last")));
    for (position, seen) in [("0:0", 1), ("1:99999999", 0), ("4294967295:0", 1), ("4294967295", 1)] {
        let position = position.parse().unwrap();
        let reader = LogReader::open_in(&logs.folder(), logs.id, position).unwrap();
        assert_eq!(reader.flatten().count(), seen, "{position}");
    }
}

#[test]
fn one_damaged_record_of_the_engine_does_not_end_reading() {
    let logs = Logs::new();
    let event = output("").replace(" O  ", " #  ");
    let torn = event.replace('\n', "{\"event\":\"warning\",\"mess\n");
    let no_object = event.replace('\n', "null\n");
    let damaged = torn + &no_object;
    logs.part(1, &(logs.header(1) + &output("before") + &damaged + &output("after") + &footer()));
    let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
    let texts: Vec<_> = reader.by_ref().map(|record| text(record.unwrap())).collect();
    assert_eq!(texts, ["before", "after"]);
    assert_eq!(reader.damage().bad_lines, 2);
    assert!(reader.footer().is_some());
}

#[test]
fn a_reader_knows_the_header_of_the_part_it_reads() {
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one")));
    logs.part(2, &(logs.header(2) + &output("two")));
    let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
    assert!(reader.header().is_none());
    for part in [1, 2] {
        reader.next().unwrap().unwrap();
        assert_eq!(reader.header().unwrap().part, part);
    }
}

#[test]
fn a_line_too_long_to_be_a_record_is_passed_over_and_reading_goes_on_behind_it() {
    let logs = Logs::new();
    for length in [(16 << 20) - 1, 16 << 20, 17 << 20] {
        for part in [1, 2] {
            let _ = std::fs::remove_file(logs.path(part));
        }
        let mut file = logs.part(1, &(logs.header(1) + &"\0".repeat(length) + "\n" + &output("after")));
        let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
        let page = reader.page(1).unwrap();
        assert_eq!(page.records.into_iter().map(text).collect::<Vec<_>>(), ["after"]);
        assert_eq!(reader.damage().bad_lines, 1);
        file.write_all(output("more").as_bytes()).unwrap();
        let mut reader = LogReader::open_in(&logs.folder(), logs.id, page.next).unwrap();
        let more = reader.page(10).unwrap();
        assert_eq!(more.records.into_iter().map(text).collect::<Vec<_>>(), ["more"]);
        assert_eq!(reader.damage().bad_lines, 0);
    }
}

#[test]
fn a_gap_of_more_than_a_million_parts_is_an_end() {
    for (after, seen) in [(2 + (1 << 20), 2), (3 + (1 << 20), 1)] {
        let logs = Logs::new();
        logs.part(1, &(logs.header(1) + &output("one")));
        logs.part(after, &(logs.header(after) + &output("far")));
        let mut reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
        assert_eq!(reader.by_ref().flatten().count(), seen);
        assert_eq!(reader.damage().missing_parts, if seen == 2 { 1 << 20 } else { 0 });
    }
}

#[test]
fn whether_a_part_ends_with_a_footer_is_read_from_its_end_alone() {
    let logs = Logs::new();
    let long = output(&"x".repeat(300_000));
    let body = logs.header(1) + &output("one");
    let long_footer = footer().replace("#end {", &format!("#end {{{}", " ".repeat(300_000)));
    for (number, (content, ends)) in [
        (body.clone() + &footer(), true),
        (footer(), true),
        (body.clone() + &long + &footer(), true),
        (body.clone() + &long_footer, true),
        (long_footer, true),
        (body.clone() + "#end {torn}\n", true),
        (body.clone() + &footer() + &output("after"), false),
        (body.clone() + footer().trim_end(), false),
        (body.clone() + &footer() + "\n", false),
        (body.clone() + &long, false),
        (body.clone() + "#en", false),
        // Longer than any line may be: not worth reading.
        (format!("{body}#end {{{}}}\n", " ".repeat(17 << 20)), false),
        (body, false),
        (String::new(), false),
        ("\n".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        let path = logs.dir.path().join(number.to_string());
        std::fs::write(&path, content).unwrap();
        assert_eq!(has_footer(&mut std::fs::File::open(path).unwrap()).unwrap(), ends, "{number}");
    }
}

/// Only a part that is gone is passed over: one that cannot be read is an error.
#[cfg(unix)]
#[test]
fn a_first_part_that_is_no_file_is_an_error_though_a_second_follows() {
    let logs = Logs::new();
    std::fs::create_dir(logs.path(1)).unwrap();
    logs.part(2, &(logs.header(2) + &output("two")));
    let error = LogReader::open(logs.dir.path(), logs.id).unwrap_err();
    assert_ne!(error.kind(), std::io::ErrorKind::NotFound);
}

#[cfg(unix)]
#[test]
fn neither_links_nor_pipes_are_followed() {
    use std::os::unix::fs::symlink;
    let logs = Logs::new();
    let elsewhere = logs.dir.path().join("elsewhere");
    std::fs::write(&elsewhere, logs.header(1)).unwrap();
    symlink(&elsewhere, logs.path(1)).unwrap();
    assert!(LogReader::open(logs.dir.path(), logs.id).is_err());
    std::fs::remove_file(logs.path(1)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(logs.path(1)).status().unwrap().success());
    assert!(LogReader::open(logs.dir.path(), logs.id).is_err());
    assert_eq!(logs.folder().logs().unwrap(), []);
}

/// It would take minutes to read.
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn a_hole_in_a_sparse_file_is_skipped() {
    let logs = Logs::new();
    let mut file = logs.part(1, &(logs.header(1) + &output("before")));
    let size = file.metadata().unwrap().len();
    for end in [1 << 40, 2 << 40] {
        file.set_len(size + end).unwrap();
        file.write_all(b"\nx").unwrap();
    }
    file.write_all(("\n".to_owned() + &output("after") + &footer()).as_bytes()).unwrap();
    file.set_len(size + (3 << 40)).unwrap();
    let mut reader = LogReader::open_in(&logs.folder(), logs.id, LogPosition::START).unwrap();
    let texts: Vec<_> = reader.by_ref().map(|record| text(record.unwrap())).collect();
    assert_eq!(texts, ["before", "after"]);
    assert_eq!(logs.folder().logs().unwrap().len(), 1);
}
