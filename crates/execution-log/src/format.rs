//! The lines of the format, written and parsed.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::footer::LogFooter;
use crate::header::LogHeader;
use crate::record::{LogRecord, LogRecordKind};
use crate::vocabulary::OutputStream;

/// The format's version, as named in the first line of every part.
pub const VERSION: u32 = 1;
/// Starts the first line of every part, in every version.
pub const MAGIC: &str = "#execlog/";
/// Starts the first line of every part in this version.
const HEADER_MARK: &str = "#execlog/1 ";
/// Starts the last line of a complete log.
pub(crate) const FOOTER_MARK: &str = "#end ";
/// Length of `2025-10-21T10:30:05.201337Z O  `.
pub const PREFIX_LEN: usize = 31;
/// Limit of a record's payload; the rest follows in further records.
pub const MAX_PAYLOAD: usize = 16 * 1024;
/// Limit of a line. Only a header comes near it: it has the program's arguments.
pub(crate) const MAX_LINE: u64 = 16 * 1024 * 1024;

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

/// The version that a part's first bytes name; `None` if they are not those of a log.
#[must_use]
pub fn version(first: &[u8]) -> Option<u32> {
    let rest = first.strip_prefix(MAGIC.as_bytes())?;
    let digits = rest.split(|byte| *byte == b' ').next()?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// A mark and JSON, with the fields in declaration order.
fn json_line(mark: &str, value: &impl Serialize) -> String {
    // These types have string keys only: writing them cannot fail.
    format!("{mark}{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// A line of a log, without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Header(Box<LogHeader>),
    Footer(Box<LogFooter>),
    Record(LogRecord),
    Damaged,
}

/// Never fails: a line outside the format is damage, and hides nothing else.
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
        b" #  " => {
            let event: serde_json::Value = serde_json::from_slice(payload).ok()?;
            LogRecordKind::Event { event: event.is_object().then_some(event)? }
        }
        _ => return None,
    };
    Some(LogRecord { timestamp, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_names_the_version() {
        assert_eq!(HEADER_MARK, format!("{MAGIC}{VERSION} "));
        assert_eq!((version(HEADER_MARK.as_bytes()), version(b"#execlog/12 {}")), (Some(1), Some(12)));
        assert_eq!((version(b"my own notes"), version(b"#execlog/+1 ")), (None, None));
    }

    #[test]
    fn a_record_is_counted_as_the_bytes_it_stands_for() {
        let line = format!("{} O  abc", timestamp(Utc::now()));
        assert_eq!(line.len(), PREFIX_LEN + 3);
        assert!(matches!(parse(line.as_bytes()), Line::Record(record)
            if matches!(&record.kind, LogRecordKind::Output { bytes, .. } if bytes == b"abc")));
    }

    #[test]
    fn each_mark_stands_for_one_kind_of_record() {
        let parsed = |mark: &str, payload: &str| {
            parse(format!("2025-10-21T10:30:05.201337Z {mark} {payload}").as_bytes())
        };
        let output = |stream, partial| LogRecordKind::Output { stream, bytes: b"{}".to_vec(), partial };
        let kinds = [
            ("O ", output(OutputStream::Stdout, false)),
            ("O+", output(OutputStream::Stdout, true)),
            ("E ", output(OutputStream::Stderr, false)),
            ("E+", output(OutputStream::Stderr, true)),
            ("# ", LogRecordKind::Event { event: serde_json::json!({}) }),
        ];
        let timestamp = "2025-10-21T10:30:05.201337Z".parse().unwrap();
        for (mark, kind) in kinds {
            assert_eq!(parsed(mark, "{}"), Line::Record(LogRecord { timestamp, kind }), "{mark}");
        }
        for (mark, payload) in [("# ", "{"), ("#+", "{}"), ("X ", "{}"), ("  ", "{}")] {
            assert_eq!(parsed(mark, payload), Line::Damaged, "{mark}");
        }
    }
}
