//! A folder of logs, written as a writer would.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use execution_log::format::{footer_line, header_line, timestamp};
use execution_log::names::part_name;
use execution_log::{ExecutionStatus, LogFolder, LogFooter, LogHeader, LogHost, LogRecord, LogRecordKind};
use tempfile::TempDir;
use uuid::Uuid;

/// A folder that is removed with the test, and the id of a log in it.
pub struct Logs {
    pub dir: TempDir,
    pub id: Uuid,
}

impl Logs {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), id: Uuid::now_v7() }
    }

    pub fn folder(&self) -> LogFolder {
        LogFolder::open(self.dir.path()).unwrap()
    }

    pub fn path(&self, part: u32) -> PathBuf {
        self.dir.path().join(part_name(self.id, part))
    }

    /// A new part, open for appending.
    pub fn part(&self, part: u32, content: &str) -> File {
        let mut file = File::options().create_new(true).append(true).open(self.path(part)).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    /// The header of this log, written by this program.
    pub fn header(&self, part: u32) -> String {
        self.header_by(part, LogHost::current("test"))
    }

    pub fn header_by(&self, part: u32, host: LogHost) -> String {
        let mut header = LogHeader::new(self.id, at(), 4711, host);
        header.part = part;
        "a command".clone_into(&mut header.command);
        header_line(&header)
    }
}

/// A program that is certainly gone: this one, had it started before.
pub fn dead_host() -> LogHost {
    let mut host = LogHost::current("test");
    host.start_time = host.start_time.map(|time| time - 1);
    host
}

pub fn at() -> DateTime<Utc> {
    "2025-10-21T10:30:05.201337Z".parse().unwrap()
}

/// A record of standard output.
pub fn output(text: &str) -> String {
    format!("{} O  {text}\n", timestamp(at()))
}

pub fn footer() -> String {
    footer_line(&LogFooter::new(ExecutionStatus::Completed))
}

/// What a record holds, as text.
pub fn text(record: LogRecord) -> String {
    match record.kind {
        LogRecordKind::Output { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
        LogRecordKind::Event { event } => event.to_string(),
        other => panic!("{other:?}"),
    }
}
