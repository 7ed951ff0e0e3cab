//! Ends a process whose owner went away: kills it and everything that escaped it, and reaps it, all off the
//! runtime, because the owner may have gone away with the runtime.

use std::sync::{Arc, Mutex};

use super::tree::{Leader, Tree};
use super::{live, os_calls};
use crate::process::spec::TreeSignal;
use crate::sync::lock;
use crate::thread::thread;

/// Processes for which no thread could be created; the spawner thread reaps them.
static ORPHANS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills the tree and reaps its leader on a thread per process, because a process stuck in the kernel must
/// not delay the next one's reap.
pub(super) fn kill_and_reap(tree: Arc<Tree>) {
    tree.signal(TreeSignal::Force);
    let pid = tree.leader;
    let token = tree.token;
    let reaper = thread("exec-reaper").stack_size(256 * 1024).spawn(move || {
        tree.kill_until_gone(Leader::Ended);
        if live::leave(tree.token) {
            let _ = os_calls::wait4(tree.leader, true);
        }
    });
    if reaper.is_err() && live::leave(token) {
        lock(&ORPHANS).push(pid);
    }
}

/// The spawner thread calls this now and then.
pub(in crate::process) fn reap_orphans() {
    let mut orphans = lock(&ORPHANS);
    orphans.retain(|&pid| matches!(os_calls::wait4(pid, false), Ok(None)));
}
