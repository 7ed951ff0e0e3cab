//! [`Tree`]: one execution's processes.

use std::collections::HashSet;
use std::ffi::OsString;
use std::sync::Mutex;

use rustix::process::Signal;

use super::graceful_stop::GracefulStop;
use super::live::{self, Token};
use super::process_info::{Mark, ProcessInfo};
use super::snapshot::{self, Snapshot};
use super::{guard, sweep, table};
use crate::process::spec::{Member, TreeSignal};
use crate::result::LeftoverProcess;
use crate::signal::KillSignal;
use crate::sync::lock;

/// A leader, its group, its session, and all that carry its mark.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) leader: u32,
    pub(super) start_time: Option<u64>,
    marker: OsString,
    pub(super) token: Token,
    /// Once it has begun.
    graceful_stop: Mutex<Option<GracefulStop>>,
}

/// Whether the leader counts as a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leader {
    Lives,
    Ended,
}

impl Tree {
    /// Of a leader that was just spawned.
    pub(super) fn new(leader: u32, start_time: Option<u64>, marker: OsString) -> Self {
        let token = live::enter(leader, start_time);
        Self { leader, start_time, marker, token, graceful_stop: Mutex::new(None) }
    }

    /// Signals the group as it is now. The looks that follow find and signal members outside of it.
    pub(super) fn signal(&self, signal: TreeSignal) {
        match signal {
            TreeSignal::Graceful(KillSignal { number, .. }) => {
                let asked = Signal::from_named_raw(number).unwrap_or(Signal::TERM);
                // A stopped process receives nothing before its CONT (systemd.kill(5) sends the same pair).
                let signals = [asked, Signal::CONT];
                live::signal(self.token, &signals);
                *lock(&self.graceful_stop) = Some(GracefulStop::begin(signals));
            }
            TreeSignal::Force => live::signal(self.token, &[Signal::KILL]),
        }
    }

    /// The living members. During a graceful stop, this also signals those that were not signalled yet.
    pub(super) fn look(&self, leader: Leader) -> Vec<Member> {
        let members = self.members_in(&snapshot::around_live(), leader);
        if let Some(stop) = lock(&self.graceful_stop).as_mut() {
            return stop.ask(self.leader, &members);
        }
        let member = |process: ProcessInfo| {
            let may_signal = table::signal_verified(&process, &[]);
            Member { process: process.into(), may_signal }
        };
        members.into_iter().map(member).collect()
    }

    /// The living members, and whether one of them may be about to write.
    pub(super) fn look_for_writers(&self) -> (Vec<LeftoverProcess>, bool) {
        let members = self.members_in(&snapshot::around_live(), Leader::Ended);
        let is_busy = members.iter().any(|process| table::is_busy(process.pid));
        (members.into_iter().map(Into::into).collect(), is_busy)
    }

    /// After the leader was reaped: what it has left behind.
    pub(super) fn leftovers(&self) -> Vec<LeftoverProcess> {
        self.members_in(&snapshot::all(), Leader::Ended).into_iter().map(Into::into).collect()
    }

    /// Kills, checks, and kills again. The group is killed as a whole each time, so forking does not help a
    /// member escape. Escaped processes are killed one by one, each verified right before.
    pub(super) fn kill_until_gone(&self, leader: Leader) -> Vec<Member> {
        sweep::kill_until_gone(|| {
            self.signal(TreeSignal::Force);
            self.members_in(&snapshot::around_live(), leader)
        })
    }

    fn members_in(&self, snapshot: &Snapshot, leader: Leader) -> Vec<ProcessInfo> {
        // A process older than the leader does not belong to the tree, whatever its group's id.
        let candidates = || {
            let is_younger = |one: &ProcessInfo| self.start_time.is_none_or(|start| one.start_time >= start);
            snapshot.processes.iter().filter(move |(process, _)| is_younger(process))
        };
        let graceful_stop = lock(&self.graceful_stop);
        let is_known = |process: &ProcessInfo| graceful_stop.as_ref().is_some_and(|stop| stop.knows(process));
        let mut members: HashSet<u32> = candidates()
            .filter(|(process, mark)| match mark {
                Mark::Of(mark) if guard::is_mark(mark) => false,
                _ if [process.group, process.session].contains(&self.leader) || is_known(process) => true,
                Mark::Of(mark) => *mark == self.marker,
                Mark::Hidden | Mark::Absent => false,
            })
            .map(|(process, _)| process.pid)
            .chain([self.leader])
            .collect();
        // A process that hides its mark belongs to its parent's tree, and its children may hide theirs too.
        loop {
            let is_child =
                |process: &ProcessInfo| members.contains(&process.parent) && !members.contains(&process.pid);
            let found: Vec<u32> = candidates()
                .filter(|(process, mark)| *mark == Mark::Hidden && is_child(process))
                .map(|(process, _)| process.pid)
                .collect();
            if found.is_empty() {
                break;
            }
            members.extend(found);
        }
        if leader == Leader::Ended {
            members.remove(&self.leader);
        }
        candidates().map(|(process, _)| process).filter(|one| members.contains(&one.pid)).cloned().collect()
    }
}
