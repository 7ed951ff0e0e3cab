//! A log that is read while it is written.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use execution_log::{LogFollower, LogPosition, lock};

use crate::support::{Logs, dead_host, footer, output, text};

/// How long a test waits for something that must come.
const NET: Duration = Duration::from_secs(60);

/// Follows a log to its end on a thread of its own.
fn follow(logs: &Logs) -> mpsc::Receiver<String> {
    let mut follower = LogFollower::open(&logs.folder(), logs.id, LogPosition::START).unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for record in &mut follower {
            sender.send(text(record.unwrap())).unwrap();
        }
        assert!(follower.has_ended());
    });
    receiver
}

fn next(seen: &mpsc::Receiver<String>) -> String {
    seen.recv_timeout(NET).unwrap()
}

fn assert_ended(seen: &mpsc::Receiver<String>) {
    assert_eq!(seen.recv_timeout(NET), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn it_goes_on_to_the_footer() {
    let logs = Logs::new();
    let mut file = logs.part(1, &(logs.header(1) + &output("one")));
    lock::hold(&file);
    let seen = follow(&logs);
    assert_eq!(next(&seen), "one");
    // Half a record does not count yet.
    let record = output("two");
    let (head, rest) = record.split_at(20);
    file.write_all(head.as_bytes()).unwrap();
    file.write_all((rest.to_owned() + &footer()).as_bytes()).unwrap();
    assert_eq!(next(&seen), "two");
    assert_ended(&seen);
}

/// Middle parts vanish while they are followed. A reader with an index into a list used to lose its position.
#[test]
fn it_follows_through_parts_that_disappear() {
    let logs = Logs::new();
    let first = logs.part(1, &(logs.header(1) + &output("1")));
    lock::hold(&first);
    let seen = follow(&logs);
    for part in 2..=20 {
        let mut file = logs.part(part, "");
        file.write_all((logs.header(part) + &output(&part.to_string())).as_bytes()).unwrap();
        assert_eq!(next(&seen), (part - 1).to_string());
        if part > 3 {
            std::fs::remove_file(logs.path(part - 2)).unwrap();
        }
    }
    logs.part(30, &(logs.header(30) + &output("30") + &footer()));
    assert_eq!((next(&seen), next(&seen)), ("20".to_owned(), "30".to_owned()));
    assert_ended(&seen);
}

#[test]
fn it_ends_where_the_writer_is_gone_without_a_footer() {
    let logs = Logs::new();
    logs.part(1, &(logs.header_by(1, dead_host()) + &output("one") + "2025-10-21T10:30:05.2013"));
    let seen = follow(&logs);
    assert_eq!(next(&seen), "one");
    assert_ended(&seen);
}

/// The program lives on, but the log's lock says that it no longer writes this log.
#[cfg(unix)]
#[test]
fn it_ends_where_a_living_program_lets_go_of_the_log() {
    let logs = Logs::new();
    let file = logs.part(1, &(logs.header(1) + &output("one")));
    lock::hold(&file);
    let mut follower = LogFollower::open(&logs.folder(), logs.id, LogPosition::START).unwrap();
    assert_eq!(follower.poll(10).unwrap().records.len(), 1);
    assert!(!follower.poll(10).unwrap().has_ended);
    drop(file);
    let page = follower.poll(10).unwrap();
    assert!(page.records.is_empty() && page.has_ended && follower.has_ended());
}

#[test]
fn it_ends_when_the_log_is_deleted() {
    let logs = Logs::new();
    let file = logs.part(1, &(logs.header(1) + &output("one")));
    lock::hold(&file);
    let seen = follow(&logs);
    assert_eq!(next(&seen), "one");
    std::fs::remove_file(logs.path(1)).unwrap();
    assert_ended(&seen);
}

#[test]
fn a_log_without_a_header_yet_has_not_ended() {
    let logs = Logs::new();
    let mut file = logs.part(1, "");
    let mut follower = LogFollower::open(&logs.folder(), logs.id, LogPosition::START).unwrap();
    assert!(!follower.poll(10).unwrap().has_ended);
    file.write_all((logs.header(1) + &output("one") + &footer()).as_bytes()).unwrap();
    let page = follower.poll(10).unwrap();
    assert_eq!((page.records.len(), page.has_ended), (1, true));
}

#[test]
fn a_position_behind_the_footer_has_ended() {
    let logs = Logs::new();
    logs.part(1, &(logs.header(1) + &output("one") + &footer()));
    let end = LogFollower::open(&logs.folder(), logs.id, LogPosition::START).unwrap().poll(10).unwrap();
    assert!(end.has_ended);
    let again = LogFollower::open(&logs.folder(), logs.id, end.next).unwrap().poll(10).unwrap();
    assert!(again.records.is_empty() && again.has_ended);
}
