//! [`LogInfo`]: the state of one log, and whether it is still being written.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::beginning::Beginning;
use crate::files::{LogPart, OutputFile};
use crate::folder::LogFolder;
use crate::footer::LogFooter;
use crate::header::LogHeader;
use crate::lock::{self, Lock};
use crate::tail::Tail;

/// The state of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogState {
    /// Its writer holds the log's lock. Where the system has no locks: the exact process that the header
    /// names lives, by process id, start time and boot.
    Running,
    /// It has its footer.
    Ended,
    /// It has no footer, and nothing writes to it any more.
    Interrupted,
    /// Its header or its footer cannot be read, or its file cannot. Its records may still be readable.
    Damaged,
}

/// A log in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogInfo {
    /// The execution.
    pub id: Uuid,
    /// Its state.
    pub state: LogState,
    /// The format's version; `None` if the beginning is damaged.
    pub version: Option<u32>,
    /// The first readable header.
    pub header: Option<LogHeader>,
    /// The footer, if there is a readable one.
    pub footer: Option<LogFooter>,
    /// The existing parts, in order. Never empty.
    pub parts: Vec<LogPart>,
    /// Files that hold all of a stream.
    pub output_files: Vec<OutputFile>,
    /// Total size of its files, in bytes.
    pub bytes: u64,
    /// When any of its files was last written to.
    pub modified: DateTime<Utc>,
}

impl LogInfo {
    /// The first existing part.
    #[must_use]
    pub fn path(&self) -> Option<&PathBuf> {
        self.parts.first().map(|part| &part.path)
    }
}

/// What is known from a log's files together.
pub(crate) struct Look {
    /// The numbers of the files that are parts, in order. Never empty.
    pub(crate) parts: Vec<u32>,
    pub(crate) state: LogState,
    pub(crate) version: Option<u32>,
    pub(crate) header: Option<LogHeader>,
    pub(crate) footer: Option<LogFooter>,
}

impl Look {
    /// `numbers`: those of the files with a part's name, in order. `None`: they are not a log.
    pub(crate) fn at(folder: &LogFolder, id: Uuid, numbers: &[u32]) -> Option<Self> {
        let look = Self::once(folder, id, numbers)?;
        if matches!(look.state, LogState::Running | LogState::Ended) {
            return Some(look);
        }
        // Its writer may have begun a part since the folder was listed, and ended the log before the look.
        let last = *look.parts.last()?;
        let has_gone_on = folder.part(id, last).is_err()
            || last.checked_add(1).is_some_and(|following| folder.part(id, following).is_ok());
        if has_gone_on { Self::once(folder, id, &folder.part_numbers(id)) } else { Some(look) }
    }

    fn once(folder: &LogFolder, id: Uuid, numbers: &[u32]) -> Option<Self> {
        let started_at = folder.started_at(id, numbers);
        let beginning = |part| Beginning::of(folder.part(id, part), id, part, started_at);
        let beginnings = numbers.iter().map(|part| (*part, beginning(*part)));
        let (parts, beginnings): (Vec<_>, Vec<_>) =
            beginnings.filter(|(part, beginning)| beginning.is_part(*part)).unzip();
        let last = *parts.last()?;
        let version = beginnings.iter().find_map(|beginning| match beginning {
            Beginning::Log { version } => Some(*version),
            _ => None,
        });
        let header = parts.iter().find_map(|part| folder.header(id, *part).ok().flatten());
        // The writer locks the first part only, and lets go of it after the footer: so the lock comes first.
        let lock = folder.part(id, 1).map_or(Lock::Unknown, |file| lock::look(&file));
        let tail = folder.part(id, last).and_then(|mut file| Tail::of(&mut file));
        let (state, footer) = match tail {
            Ok(Tail::Footer(footer)) if header.is_some() => (LogState::Ended, Some(*footer)),
            Ok(Tail::Footer(footer)) => (LogState::Damaged, Some(*footer)),
            Ok(Tail::DamagedFooter) => (LogState::Damaged, None),
            Ok(Tail::Open) => (unfinished(lock, header.as_ref()), None),
            Err(_) => (unfinished(lock, None), None),
        };
        Some(Self { parts, state, version, header, footer })
    }
}

/// A program that lives may have given up a log: its lock tells, and its process does not.
fn unfinished(lock: Lock, header: Option<&LogHeader>) -> LogState {
    match (lock, header) {
        (Lock::Held, _) => LogState::Running,
        (Lock::Unknown, Some(header)) if header.host.is_running() => LogState::Running,
        (_, Some(_)) => LogState::Interrupted,
        (_, None) => LogState::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::LogHost;

    /// Where there are no locks, only the exact process counts.
    #[test]
    fn without_a_lock_a_process_id_alone_proves_nothing() {
        let state = |lock, change: fn(&mut LogHost)| {
            let mut host = LogHost::current("test");
            change(&mut host);
            unfinished(lock, Some(&LogHeader::new(Uuid::nil(), Utc::now(), 1, host)))
        };
        assert_eq!(state(Lock::Unknown, |_| ()), LogState::Running);
        assert_eq!(state(Lock::Unknown, |host| host.start_time = None), LogState::Interrupted);
        let another_boot: fn(&mut LogHost) = |host| host.boot_id = Some("another boot".to_owned());
        assert_eq!(state(Lock::Unknown, another_boot), LogState::Interrupted);
        assert_eq!(
            (state(Lock::Free, |_| ()), state(Lock::Held, |_| ())),
            (LogState::Interrupted, LogState::Running)
        );
    }
}
