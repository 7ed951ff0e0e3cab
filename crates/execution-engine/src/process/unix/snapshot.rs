//! The process table, read once for all callers that ask at the same time.
//!
//! Reading it costs about 17 µs per process. Hundreds of executions that end together would each read all of
//! it; instead, a caller that asks during a reading shares the next one.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::process_info::{Mark, ProcessInfo};
use super::{live, table};
use crate::sync::lock;

/// The live processes, each with its mark where that was read.
#[derive(Debug)]
pub(super) struct Snapshot {
    begun: Instant,
    pub(super) processes: Vec<(ProcessInfo, Mark)>,
}

type Shared = Mutex<Option<Arc<Snapshot>>>;

static AROUND_LIVE: Shared = Mutex::new(None);
static ALL: Shared = Mutex::new(None);

/// The live processes, with the marks of those that may have left the group of a live execution. Reading
/// environments is most of the work, so it is skipped for members of such a group, which belong to it, and
/// for processes older than every leader, which belong to none.
pub(super) fn around_live() -> Arc<Snapshot> {
    no_older_than_now(&AROUND_LIVE, || {
        let (groups, oldest) = live::groups();
        move |process| {
            let is_known = groups.contains(&process.group) || process.start_time < oldest;
            if is_known { Mark::Absent } else { table::mark_of(process.pid) }
        }
    })
}

/// The live processes with their marks.
pub(super) fn all() -> Arc<Snapshot> {
    no_older_than_now(&ALL, || |process| table::mark_of(process.pid))
}

/// Read after this call started: what the caller killed before does not show up alive.
fn no_older_than_now<F: Fn(&ProcessInfo) -> Mark>(
    shared: &Shared,
    marks: impl FnOnce() -> F,
) -> Arc<Snapshot> {
    let asked = Instant::now();
    let mut shared = lock(shared);
    if let Some(snapshot) = shared.as_ref().filter(|snapshot| snapshot.begun >= asked) {
        return Arc::clone(snapshot);
    }
    let begun = Instant::now();
    let mark_of = marks();
    let host = std::process::id();
    let processes = table::living()
        .into_iter()
        .filter(|process| process.pid != host)
        .map(|process| {
            let mark = mark_of(&process);
            (process, mark)
        })
        .collect();
    let snapshot = Arc::new(Snapshot { begun, processes });
    *shared = Some(Arc::clone(&snapshot));
    snapshot
}
