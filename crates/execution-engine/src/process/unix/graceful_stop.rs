//! [`GracefulStop`]: which processes of a tree were asked to stop, and which are still to be asked.

use std::collections::HashMap;

use rustix::process::Signal;

use super::process_info::{Moment, ProcessInfo};
use super::table;
use crate::process::spec::Member;

/// A graceful stop in progress.
///
/// The whole group was signalled at the beginning. Every process outside it is signalled once, even if it
/// appears later. One exception: what a process starts after it was signalled is part of its cleanup (a
/// `timeout 10 upload-state` in a trap). Such a helper shares the grace period and gets no signal, just like
/// a process that joins the group late.
#[derive(Debug)]
pub(super) struct GracefulStop {
    signals: [Signal; 2],
    begun: Moment,
    /// By each member's start: the moment after which its new children are part of its cleanup.
    tidying_since: HashMap<Moment, Moment>,
}

impl GracefulStop {
    /// The group has just been signalled.
    pub(super) fn begin(signals: [Signal; 2]) -> Self {
        Self { signals, begun: table::now(), tidying_since: HashMap::new() }
    }

    /// Whether it was a member in an earlier round. Without this, a process that hides its mark would be lost
    /// once its parent has ended.
    pub(super) fn knows(&self, process: &ProcessInfo) -> bool {
        self.tidying_since.contains_key(&process.began())
    }

    /// Signals the members that were not signalled yet.
    pub(super) fn ask(&mut self, group: u32, members: &[ProcessInfo]) -> Vec<Member> {
        let signals = self.signals;
        self.ask_with(group, members, |process, is_new| {
            table::signal_verified(process, if is_new { &signals } else { &[] })
        })
    }

    fn ask_with(
        &mut self,
        group: u32,
        members: &[ProcessInfo],
        may_signal: impl Fn(&ProcessInfo, bool) -> bool,
    ) -> Vec<Member> {
        let mut since: HashMap<u32, Moment> = HashMap::new();
        let mut oldest_first: Vec<&ProcessInfo> = members.iter().collect();
        oldest_first.sort_by_key(|process| process.began());
        let ask = |process: &ProcessInfo| {
            let began = process.began();
            let is_helper = || since.get(&process.parent).is_some_and(|since| began > *since);
            let known = match self.tidying_since.get(&began) {
                Some(known) => Some(*known),
                None if process.group == group => Some(self.begun.max(began)),
                None => is_helper().then_some(began),
            };
            let may_signal = may_signal(process, known.is_none());
            // One that was signalled just now is not in `since`: what it started before is signalled as well.
            if let Some(known) = known {
                since.insert(process.pid, known);
            }
            self.tidying_since.insert(began, known.unwrap_or_else(table::now));
            Member { process: process.clone().into(), may_signal }
        };
        oldest_first.into_iter().map(ask).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const GROUP: u32 = 10;
    const BEGUN: Moment = (100, 50);

    fn process(pid: u32, parent: u32, group: u32, start_time: u64) -> ProcessInfo {
        let name = String::new();
        ProcessInfo { pid, parent, group, session: 1, start_time, name, zombie: false }
    }

    fn stop() -> GracefulStop {
        let signals = [Signal::TERM, Signal::CONT];
        GracefulStop { signals, begun: BEGUN, tidying_since: HashMap::new() }
    }

    /// The ids of those that are signalled.
    fn round(stop: &mut GracefulStop, members: &[ProcessInfo]) -> Vec<u32> {
        let asked = RefCell::new(Vec::new());
        let members = stop.ask_with(GROUP, members, |process, is_new| {
            asked.borrow_mut().extend(is_new.then_some(process.pid));
            process.pid != 13
        });
        assert!(members.iter().all(|member| member.may_signal == (member.process.pid != 13)));
        asked.into_inner()
    }

    #[test]
    fn everything_outside_the_group_is_signalled_once_and_nothing_inside() {
        let members = [process(11, 10, GROUP, 5), process(12, 11, 12, 6), process(13, 12, 12, 7)];
        let mut stop = stop();
        assert_eq!(round(&mut stop, &members), [12, 13]);
        assert!(round(&mut stop, &members).is_empty());
        assert!(members.iter().all(|process| stop.knows(process)));
    }

    #[test]
    fn a_reused_process_id_is_another_process() {
        let mut stop = stop();
        assert_eq!(round(&mut stop, &[process(12, 1, 12, 6)]), [12]);
        assert_eq!(round(&mut stop, &[process(12, 1, 12, 101)]), [12]);
    }

    #[test]
    fn late_members_are_signalled_unless_they_are_helpers_of_signalled_ones() {
        let mut stop = stop();
        let (inside, outside) = (process(11, 10, GROUP, 5), process(12, 1, 12, 6));
        assert_eq!(round(&mut stop, &[inside.clone(), outside.clone()]), [12]);
        let late = u64::MAX;
        let members = [
            process(20, 11, 20, 99),     // started before the stop, found only now
            process(50, 11, 50, 100),    // the same, in the clock tick of the stop
            process(51, 11, 51, 100),    // a helper in this tick: it has a later id
            process(22, 51, 22, 101),    // and that one's helper
            process(23, 12, 23, late),   // a helper of one that was signalled in the round before
            process(24, 1, 24, late),    // its parent is unknown
            process(25, 11, GROUP, 101), // in the group
            process(26, 25, 26, 102),    // and its helper
            inside,
            outside,
        ];
        assert_eq!(round(&mut stop, &members), [20, 50, 24]);
        // The helpers' parents have ended: they remain helpers.
        let orphans = [process(51, 1, 51, 100), process(22, 1, 22, 101), process(26, 1, 26, 102)];
        assert!(round(&mut stop, &orphans).is_empty());
    }
}
