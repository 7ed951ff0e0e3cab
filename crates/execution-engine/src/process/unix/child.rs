//! [`ExecutionChild`]: one started process with its tree, from spawn to reap.

use std::io;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, test_kill_process_group, waitid};
use uuid::Uuid;

use super::exit_watch::ExitWatch;
use super::tree::{Leader, Tree};
use super::{drop_reaper, live, os_calls};
use crate::process::spec::{Exit, ExitKind, Member, TreeSignal, marker};
use crate::result::{Containment, LeftoverProcess};

/// Owns a spawned process: dropping this kills the tree and reaps the leader.
#[derive(Debug)]
pub(in crate::process) struct Process {
    tree: Arc<Tree>,
    reaped: bool,
    /// The host's largest resident set, asked right after the spawn.
    host_max_rss: Option<u64>,
}

impl Process {
    /// Takes over a child that was just spawned.
    pub(super) fn adopt(pid: u32, start_time: Option<u64>, id: Uuid) -> Self {
        let tree = Arc::new(Tree::new(pid, start_time, marker(id)));
        Self { tree, reaped: false, host_max_rss: os_calls::own_max_rss() }
    }

    pub(super) fn pid(&self) -> u32 {
        self.tree.leader
    }

    /// Requires a runtime.
    pub(in crate::process) fn watch_exit(&self) -> io::Result<ExitWatch> {
        ExitWatch::new(self.pid())
    }

    fn reap(mut self) -> Exit {
        self.reaped = true;
        let lost = Exit { status: ExitKind::Unknown, usage: None };
        let pid = self.tree.leader;
        if !live::leave(self.tree.token) {
            return lost;
        }
        match os_calls::wait4(pid, false) {
            Ok(Some(exit)) => without_the_hosts(exit, self.host_max_rss),
            // It has announced its end, but the kernel is not quite done with it (macOS). Its status is
            // settled, so the signal changes nothing; it only bounds the wait.
            Ok(None) => {
                if let Some(leader) = Pid::from_raw(pid.cast_signed()) {
                    let _ = kill_process(leader, Signal::KILL);
                }
                let exit = os_calls::wait4(pid, true).ok().flatten();
                exit.map_or(lost, |exit| without_the_hosts(exit, self.host_max_rss))
            }
            Err(_) => lost,
        }
    }
}

/// Drops a peak memory that is not clearly above the host's: it may be the host's own (see
/// [`own_max_rss`](os_calls::own_max_rss)). The margin is an eighth, because the kernel's counts are rough
/// between CPUs.
fn without_the_hosts(mut exit: Exit, host: Option<u64>) -> Exit {
    if let Some(usage) = &mut exit.usage {
        usage.max_rss_bytes =
            usage.max_rss_bytes.filter(|&max| host.is_none_or(|host| max > host + host / 8));
    }
    exit
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            drop_reaper::kill_and_reap(Arc::clone(&self.tree));
        }
    }
}

/// A spawned process. Dropped without [`reap`](Self::reap), it is killed with everything it started.
#[derive(Debug)]
pub(crate) struct ExecutionChild {
    exit: ExitWatch,
    process: Process,
}

impl ExecutionChild {
    pub(in crate::process) fn new(exit: ExitWatch, process: Process) -> Self {
        Self { exit, process }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// When the system says it started. Together with the process id, this is an identity.
    pub(crate) fn start_time(&self) -> Option<u64> {
        self.process.tree.start_time
    }

    #[expect(clippy::unused_self, reason = "on Windows it depends on the child")]
    pub(crate) fn containment(&self) -> Containment {
        Containment::Group
    }

    /// Whether a signal has stopped the leader, and none has continued it.
    pub(crate) fn is_suspended(&self) -> bool {
        let look = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let leader = Pid::from_raw(self.pid().cast_signed());
        leader.and_then(|pid| waitid(WaitId::Pid(pid), look).ok()?).is_some_and(|status| status.stopped())
    }

    /// Resolves when the leader has ended; it stays a zombie until [`reap`](Self::reap). Cancel-safe, and may
    /// be awaited again.
    pub(crate) async fn exited(&mut self) {
        self.exit.ended().await;
    }

    /// Signals the whole group. A group that is gone already is not an error.
    pub(crate) fn signal_tree(&self, signal: TreeSignal) {
        self.process.tree.signal(signal);
    }

    /// The living members of the tree, including the leader until its end was [seen](Self::exited). During a
    /// graceful stop, this also signals members outside the group that were not signalled yet, even if the
    /// future is dropped.
    pub(crate) fn look(&self) -> impl Future<Output = Vec<Member>> + Send + use<> {
        let (tree, leader) = self.tree();
        off_runtime(move || tree.look(leader))
    }

    /// The members that outlive the leader, and whether one of them may be about to write.
    pub(crate) fn look_for_writers(
        &self,
    ) -> impl Future<Output = (Vec<LeftoverProcess>, bool)> + Send + use<> {
        let tree = Arc::clone(&self.process.tree);
        off_runtime(move || tree.look_for_writers())
    }

    /// Kills the whole tree, escaped processes included, until none is found, for at most two seconds.
    /// Returns what could not be killed.
    pub(crate) fn kill_all(&self) -> impl Future<Output = Vec<Member>> + Send + use<> {
        let (tree, leader) = self.tree();
        off_runtime(move || tree.kill_until_gone(leader))
    }

    fn tree(&self) -> (Arc<Tree>, Leader) {
        let leader = if self.exit.has_ended() { Leader::Ended } else { Leader::Lives };
        (Arc::clone(&self.process.tree), leader)
    }

    /// Takes the exit status, after [`exited`](Self::exited). From here on, nothing can be signalled.
    pub(crate) fn reap(self) -> Exit {
        self.process.reap()
    }

    /// The same after a natural end, with the processes that the leader left behind.
    ///
    /// Usually there are none, and finding that out costs one system call: after the reap, a group without
    /// members no longer exists. (Processes that left an empty group are not searched for: reading the whole
    /// process table at every end would cost ten times as much as the spawn.)
    pub(crate) async fn reap_and_look(self) -> (Exit, Vec<LeftoverProcess>) {
        let tree = Arc::clone(&self.process.tree);
        let exit = self.process.reap();
        let group = Pid::from_raw(tree.leader.cast_signed());
        if group.is_none_or(|group| test_kill_process_group(group) == Err(Errno::SRCH)) {
            return (exit, Vec::new());
        }
        let left = off_runtime(move || tree.leftovers()).await;
        (exit, left)
    }
}

/// Moves work off the runtime's workers: reading the process table takes hundreds of files or system calls.
async fn off_runtime<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // An error means that the runtime is shutting down; dropping the child finishes the work then.
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
