//! The process table, read once for all callers that ask at the same time.
//!
//! Reading it costs about 17 µs per process. Hundreds of executions that end together would each read all of
//! it; instead, a caller that asks during a reading shares the next one.

use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::process_info::ProcessInfo;
use super::table;
use crate::sync::lock;

/// The live processes, each with its execution's mark if marks were requested.
#[derive(Debug)]
pub(super) struct Snapshot {
    begun: Instant,
    processes: Vec<(ProcessInfo, Option<OsString>)>,
}

type Shared = Mutex<Option<Arc<Snapshot>>>;

static PLAIN: Shared = Mutex::new(None);
static WITH_MARKS: Shared = Mutex::new(None);

/// The live processes.
pub(super) fn plain() -> Arc<Snapshot> {
    no_older_than_now(&PLAIN, |_| None)
}

/// The live processes, with their marks.
pub(super) fn with_marks() -> Arc<Snapshot> {
    no_older_than_now(&WITH_MARKS, table::mark_of)
}

/// Read after this call started: what the caller killed before does not show up alive.
fn no_older_than_now(shared: &Shared, mark_of: fn(u32) -> Option<OsString>) -> Arc<Snapshot> {
    let asked = Instant::now();
    let mut shared = lock(shared);
    if let Some(snapshot) = shared.as_ref().filter(|snapshot| snapshot.begun >= asked) {
        return Arc::clone(snapshot);
    }
    let begun = Instant::now();
    let host = std::process::id();
    let processes = table::living()
        .into_iter()
        .filter(|process| process.pid != host)
        .map(|process| {
            let mark = mark_of(process.pid);
            (process, mark)
        })
        .collect();
    let snapshot = Arc::new(Snapshot { begun, processes });
    *shared = Some(Arc::clone(&snapshot));
    snapshot
}

impl Snapshot {
    pub(super) fn select(
        &self,
        wanted: impl Fn(&ProcessInfo, Option<&OsString>) -> bool,
    ) -> Vec<ProcessInfo> {
        self.processes
            .iter()
            .filter(|(process, mark)| wanted(process, mark.as_ref()))
            .map(|(process, _)| process.clone())
            .collect()
    }
}
