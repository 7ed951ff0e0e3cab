//! Finds what is left of a tree, and kills it.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::live::{self, Token};
use super::process_info::ProcessInfo;
use super::snapshot::{self, Snapshot};
use super::table;
use crate::process::spec::Scope;
use crate::result::LeftoverProcess;

/// One execution's processes: a leader, its group, and all that carry its mark.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) leader: u32,
    pub(super) start_time: Option<u64>,
    pub(super) marker: OsString,
    pub(super) token: Token,
}

/// How long to keep killing a tree that forks faster than it is killed.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

impl Tree {
    pub(super) fn kill_group(&self) {
        live::signal(self.token, &[Signal::KILL]);
    }

    /// All but the leader. Zombies do not count.
    pub(super) fn members(&self, scope: Scope) -> Vec<LeftoverProcess> {
        leftover(&self.survivors(scope))
    }

    fn survivors(&self, scope: Scope) -> Vec<ProcessInfo> {
        let snapshot = match scope {
            Scope::Group => snapshot::plain(),
            Scope::GroupAndEscaped => snapshot::with_marks(),
        };
        snapshot.select(|process, mark| {
            process.pid != self.leader
                && (process.group == self.leader || mark.is_some_and(|mark| *mark == self.marker))
                // A process older than the leader does not belong to the tree, whatever its group's id.
                && self.start_time.is_none_or(|start| process.start_time >= start)
        })
    }

    /// Kills, checks, and kills again. The group is killed as a whole each time, so that a member that forks
    /// meanwhile gains nothing; escaped processes one by one, each verified right before.
    pub(super) fn kill_until_gone(&self) -> Vec<LeftoverProcess> {
        kill_until_gone(|| {
            self.kill_group();
            self.survivors(Scope::GroupAndEscaped)
        })
    }
}

/// Kills what `find` finds until it finds nothing twice: a process that was forked while the table was read
/// may be missing from it.
pub(super) fn kill_until_gone(find: impl Fn() -> Vec<ProcessInfo>) -> Vec<LeftoverProcess> {
    let deadline = Instant::now() + KILL_TIMEOUT;
    let mut pause = Duration::from_millis(1);
    let mut clean = 0;
    loop {
        let found = find();
        if found.is_empty() {
            clean += 1;
            if clean == 2 {
                return Vec::new();
            }
        } else {
            clean = 0;
            found.iter().for_each(table::kill_verified);
            if Instant::now() >= deadline {
                return leftover(&found);
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// All processes that carry this mark.
pub(super) fn marked(marker: &std::ffi::OsStr) -> Vec<ProcessInfo> {
    let snapshot: std::sync::Arc<Snapshot> = snapshot::with_marks();
    snapshot.select(|_, mark| mark.is_some_and(|mark| mark == marker))
}

pub(super) fn leftover(processes: &[ProcessInfo]) -> Vec<LeftoverProcess> {
    processes.iter().map(|one| LeftoverProcess { pid: one.pid, name: one.name.clone() }).collect()
}
