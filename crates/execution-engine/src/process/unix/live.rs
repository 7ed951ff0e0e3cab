//! The live groups of this host process: those that may still be signalled.
//!
//! A group is added right after its spawn and removed right before its reap, both under one lock, and signals
//! are sent under the same lock. So no signal can follow the reap that frees its id, not even from a teardown
//! that reaps everything at once while other threads still hold their children.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::guard;
use crate::sync::lock;

/// The key of an entry. Not the process id: that is reused, a token never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token(u64);

static NEXT: AtomicU64 = AtomicU64::new(0);
static LIVE: Mutex<BTreeMap<Token, Leader>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Clone, Copy)]
struct Leader {
    pid: u32,
    start_time: Option<u64>,
}

fn live() -> MutexGuard<'static, BTreeMap<Token, Leader>> {
    lock(&LIVE)
}

/// Adds a group that was just spawned, and informs the guard.
pub(super) fn enter(pid: u32, start_time: Option<u64>) -> Token {
    let token = Token(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut live = live();
    live.insert(token, Leader { pid, start_time });
    guard::watch(pid, live.values().map(|leader| leader.pid));
    token
}

/// All live groups, and when the oldest leader started; 0 if that is unknown.
pub(super) fn groups() -> (HashSet<u32>, u64) {
    let live = live();
    let oldest = live.values().map(|leader| leader.start_time.unwrap_or(0)).min();
    (live.values().map(|leader| leader.pid).collect(), oldest.unwrap_or(0))
}

/// Removes a group before its reap. `false`: a teardown removed it, and has reaped it.
pub(super) fn leave(token: Token) -> bool {
    let mut live = live();
    let leader = live.remove(&token);
    if let Some(leader) = leader {
        guard::unregister(leader.pid);
    }
    leader.is_some()
}

/// Sends signals to the group, in this order, if its id is still its own.
pub(super) fn signal(token: Token, signals: &[Signal]) {
    let live = live();
    let Some(pid) = live.get(&token).and_then(|leader| pinned(leader.pid)) else { return };
    for &signal in signals {
        // ESRCH is fine: the group is gone. EPERM says little. macOS returns it for a group of zombies (XNU
        // skips them), every system for a group whose members all run as another user, and none if this user
        // may signal one of them. So each member is checked.
        let _ = kill_process_group(pid, signal);
    }
}

/// Ends the guard when there is nothing to watch, so that a host that shut its engine down has no child left.
/// The next spawn starts another.
pub(crate) fn release_guard_if_idle() {
    let live = live();
    if live.is_empty() {
        guard::release();
    }
}

/// The id, as long as it is a child of ours, running or zombie. If the host ignores SIGCHLD, the kernel reaps
/// children itself, and the id may belong to another process by now: `None`.
fn pinned(pid: u32) -> Option<Pid> {
    let pid = Pid::from_raw(pid.cast_signed())?;
    match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG) {
        Err(Errno::CHILD) => None,
        _ => Some(pid),
    }
}
