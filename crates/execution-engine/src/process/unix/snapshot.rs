//! The process table, read once for everyone who asks at the same time.
//!
//! Reading it costs about 17 µs a process. Hundreds of executions that end together would each read it
//! all; instead, whoever asks while a reading is under way shares the next one.

use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::process_info::ProcessInfo;
use super::table;
use crate::sync::lock;

/// The living processes, each with its execution's mark where marks were asked for.
#[derive(Debug)]
pub(super) struct Snapshot {
    begun: Instant,
    processes: Vec<(ProcessInfo, Option<OsString>)>,
}

type Shared = Mutex<Option<Arc<Snapshot>>>;

static PLAIN: Shared = Mutex::new(None);
static WITH_MARKS: Shared = Mutex::new(None);

/// Who is there.
pub(super) fn plain() -> Arc<Snapshot> {
    no_older_than_now(&PLAIN, |_| None)
}

/// Who is there, and whose they are.
pub(super) fn with_marks() -> Arc<Snapshot> {
    no_older_than_now(&WITH_MARKS, table::mark_of)
}

/// Begun after this call: what the caller has killed before it does not show up alive.
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
