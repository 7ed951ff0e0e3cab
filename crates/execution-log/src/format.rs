//! The format of a log, version 1: what stands in its lines.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::failure::ExecutionFailure;
use crate::vocabulary::{ExecutionMetadata, ExecutionStatus, OutputStream, ResourceUsage};

/// Begins a part's first line; the number is the format's version.
const HEADER_MARK: &str = "#execlog/1 ";
/// Begins the last line of a complete log.
pub(crate) const FOOTER_MARK: &str = "#end ";
/// Length of `2025-10-21T10:30:05.201337Z O  `.
pub const PREFIX_LEN: usize = 31;
/// A record's payload is cut here; the rest follows as further records.
pub const MAX_PAYLOAD: usize = 16 * 1024;

/// The first line of every part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHeader {
    /// The execution.
    pub id: Uuid,
    /// Which part this is, from 1.
    pub part: u32,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// The command as one would type it, secrets masked.
    pub command: String,
    /// `exec`, `shell`, `script` or `aws_cli`.
    pub command_type: String,
    /// Program and arguments, secrets masked.
    pub argv: Vec<String>,
    /// The working folder; `None`: the host's.
    pub working_dir: Option<String>,
    /// Names of the variables the request set. Values are never written.
    pub env_names: Vec<String>,
    /// The process.
    pub pid: u32,
    /// When the system says it was started, in the system's own unit: with the pid, its identity.
    pub pid_start_time: Option<u64>,
    /// Who wrote this.
    pub host: LogHost,
    /// Copied from the request.
    pub metadata: ExecutionMetadata,
    /// Bytes of each stream in earlier parts.
    pub offsets: ByteCounts,
}

/// The program that ran the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHost {
    /// Its process id.
    pub pid: u32,
    /// When it was started, in the system's own unit.
    pub start_time: Option<u64>,
    /// The boot it ran in.
    pub boot_id: Option<String>,
    /// The operating system.
    pub os: String,
    /// The engine's version.
    pub engine_version: String,
}

/// Bytes a stream, as logged: secrets masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ByteCounts {
    /// Standard output.
    pub stdout: u64,
    /// Standard error.
    pub stderr: u64,
}

impl ByteCounts {
    /// Counts more of a stream.
    pub fn add(&mut self, stream: OutputStream, count: usize) {
        match stream {
            OutputStream::Stdout => self.stdout += count as u64,
            OutputStream::Stderr => self.stderr += count as u64,
        }
    }
}

impl std::ops::AddAssign for ByteCounts {
    fn add_assign(&mut self, other: Self) {
        self.stdout += other.stdout;
        self.stderr += other.stderr;
    }
}

impl std::ops::SubAssign for ByteCounts {
    fn sub_assign(&mut self, other: Self) {
        self.stdout -= other.stdout;
        self.stderr -= other.stderr;
    }
}

/// The last line of a log that was brought to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFooter {
    /// How it ended.
    pub status: ExecutionStatus,
    /// The exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<String>,
    /// From start to end of the process, in milliseconds.
    pub duration_ms: u64,
    /// Bytes the child wrote.
    pub bytes: ByteCounts,
    /// Bytes of records that are not in the log: parts that were dropped, or a disk that was full.
    pub dropped_bytes: u64,
    /// Parts written, dropped ones included.
    pub parts: u32,
    /// Processor time and memory.
    pub usage: Option<ResourceUsage>,
    /// Why it did not complete.
    pub error: Option<ExecutionFailure>,
    /// CRC-32 of every record of every part, headers and footer left out; `None` for an interrupted log.
    pub crc32: Option<u32>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogRecord {
    /// When it was read from the child, or happened.
    pub timestamp: DateTime<Utc>,
    /// What it is.
    #[serde(flatten)]
    pub kind: LogRecordKind,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LogRecordKind {
    /// Output of the child.
    Output {
        /// Which output.
        stream: OutputStream,
        /// The bytes, without the line's end.
        #[serde(skip)]
        bytes: Vec<u8>,
        /// Whether the line goes on in this stream's next record.
        partial: bool,
    },
    /// Something the engine did or noticed.
    Event {
        /// As it was written.
        event: serde_json::Value,
    },
}

/// `2025-10-21T10:30:05.201337Z`.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The first line of a part.
#[must_use]
pub fn header_line(header: &LogHeader) -> String {
    json_line(HEADER_MARK, header)
}

/// The last line of a log.
#[must_use]
pub fn footer_line(footer: &LogFooter) -> String {
    json_line(FOOTER_MARK, footer)
}

/// A mark and JSON, its fields in the order of their declaration.
fn json_line(mark: &str, value: &impl Serialize) -> String {
    // These types have string keys only: writing them cannot fail.
    format!("{mark}{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// A line of a log, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Header(Box<LogHeader>),
    Footer(Box<LogFooter>),
    Record(LogRecord),
    Damaged,
}

/// Never fails: what is no line of the format is damage, and hides nothing else.
pub(crate) fn parse(line: &[u8]) -> Line {
    if let Some(json) = line.strip_prefix(HEADER_MARK.as_bytes()) {
        return serde_json::from_slice(json).map_or(Line::Damaged, |header| Line::Header(Box::new(header)));
    }
    if let Some(json) = line.strip_prefix(FOOTER_MARK.as_bytes()) {
        return serde_json::from_slice(json).map_or(Line::Damaged, |footer| Line::Footer(Box::new(footer)));
    }
    record(line).map_or(Line::Damaged, Line::Record)
}

fn record(line: &[u8]) -> Option<LogRecord> {
    let (prefix, payload) = line.split_at_checked(PREFIX_LEN)?;
    let time = std::str::from_utf8(&prefix[..27]).ok()?;
    let timestamp = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%.6fZ").ok()?.and_utc();
    let output = |stream, partial| LogRecordKind::Output { stream, bytes: payload.to_vec(), partial };
    let kind = match &prefix[27..] {
        b" O  " => output(OutputStream::Stdout, false),
        b" O+ " => output(OutputStream::Stdout, true),
        b" E  " => output(OutputStream::Stderr, false),
        b" E+ " => output(OutputStream::Stderr, true),
        b" #  " => LogRecordKind::Event { event: serde_json::from_slice(payload).ok()? },
        _ => return None,
    };
    Some(LogRecord { timestamp, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_counted_as_the_bytes_it_stands_for() {
        let line = format!("{} O  abc", timestamp(Utc::now()));
        assert_eq!(line.len(), PREFIX_LEN + 3);
        assert!(matches!(parse(line.as_bytes()), Line::Record(record)
            if matches!(&record.kind, LogRecordKind::Output { bytes, .. } if bytes == b"abc")));
    }
}
