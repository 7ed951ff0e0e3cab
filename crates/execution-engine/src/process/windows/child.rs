//! [`ExecutionChild`]: one started process with its job, from spawn to reap.

use std::collections::BTreeMap;
use std::io;
use std::os::windows::io::{AsHandle, OwnedHandle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::os_exit_watch::ExitWatch;
use super::os_job::Job;
use super::{os_console, os_process};
use crate::process::spec::{Exit, ExitKind, Member, TreeSignal};
use crate::result::{Containment, LeftoverProcess};
use crate::sync::lock;

/// The trees of this host process, for its end.
static LIVE: Mutex<BTreeMap<u64, Arc<Tree>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

fn live() -> MutexGuard<'static, BTreeMap<u64, Arc<Tree>>> {
    lock(&LIVE)
}

/// A leader, and the job around it if there is one. The open handle keeps the id from being reused.
#[derive(Debug)]
struct Tree {
    pid: u32,
    handle: Arc<OwnedHandle>,
    job: Option<Job>,
}

impl Tree {
    fn kill(&self) {
        match &self.job {
            Some(job) => job.terminate(),
            // One that has ended already is not an error.
            None => drop(os_process::terminate(&self.handle)),
        }
    }

    /// All but the leader. The host may end every process in a job of its own.
    fn members(&self) -> Vec<Member> {
        self.with_leader().into_iter().filter(|member| member.process.pid != self.pid).collect()
    }

    fn with_leader(&self) -> Vec<Member> {
        let pids = self.job.as_ref().map_or_else(|| vec![self.pid], Job::pids);
        pids.into_iter()
            .map(|pid| LeftoverProcess { pid, name: os_process::name(pid).unwrap_or_default() })
            .map(|process| Member { process, may_signal: true })
            .collect()
    }

    fn leftovers(&self) -> Vec<LeftoverProcess> {
        self.members().into_iter().map(|member| member.process).collect()
    }

    /// A process does not end instantly: it waits for its threads' pending operations.
    fn kill_until_gone(&self) -> Vec<Member> {
        const KILL_TIMEOUT: Duration = Duration::from_secs(2);
        let deadline = Instant::now() + KILL_TIMEOUT;
        loop {
            self.kill();
            let left = self.members();
            if left.is_empty() || Instant::now() >= deadline {
                return left;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Owns a spawned process: dropping this ends the tree.
#[derive(Debug)]
pub(in crate::process) struct Process {
    tree: Arc<Tree>,
    key: u64,
    on_our_console: bool,
}

impl Process {
    /// Takes over a process that was just created and is still suspended. Without a job (an old system, or a
    /// host whose own job forbids it), nothing holds the tree, and the result says so.
    pub(super) fn adopt(pid: u32, handle: OwnedHandle, on_our_console: bool) -> Self {
        let job = Job::new().and_then(|job| job.assign(handle.as_handle()).map(|()| job));
        if let Err(error) = &job {
            tracing::debug!(pid, %error, "no job object: what the process starts is not held");
        }
        let tree = Arc::new(Tree { pid, handle: Arc::new(handle), job: job.ok() });
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        live().insert(key, Arc::clone(&tree));
        Self { tree, key, on_our_console }
    }

    pub(in crate::process) fn watch_exit(&self) -> io::Result<ExitWatch> {
        ExitWatch::new(Arc::clone(&self.tree.handle))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Reaped: no longer in the table.
        if live().remove(&self.key).is_some() {
            self.tree.kill();
        }
    }
}

/// A spawned process. Dropped without [`reap`](Self::reap), it is ended with everything it started.
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
        self.process.tree.pid
    }

    /// When the system says it started; unknown if it has ended already. Together with the process id, this
    /// is an identity. The open handle pins the id.
    pub(crate) fn start_time(&self) -> Option<u64> {
        execution_log::process::start_time(self.process.tree.pid)
    }

    pub(crate) fn containment(&self) -> Containment {
        if self.process.tree.job.is_some() { Containment::Job } else { Containment::None }
    }

    /// Signals do not suspend processes here.
    #[expect(clippy::unused_self, reason = "on Unix it depends on the child")]
    pub(crate) fn is_suspended(&self) -> bool {
        false
    }

    /// Resolves when the leader has ended. Cancel-safe, and may be awaited again.
    pub(crate) async fn exited(&mut self) {
        self.exit.ended().await;
    }

    /// Graceful: a Ctrl-Break if the child shares the host's console; otherwise, as with force, the whole job
    /// is ended.
    pub(crate) fn signal_tree(&self, signal: TreeSignal) {
        let asked = matches!(signal, TreeSignal::Graceful(_))
            && self.process.on_our_console
            && os_console::send_ctrl_break(self.process.tree.pid);
        if !asked {
            self.process.tree.kill();
        }
    }

    /// The living members of the tree, the leader too until its end was seen.
    pub(crate) fn look(&self) -> impl Future<Output = Vec<Member>> + Send + use<> {
        let (tree, has_ended) = (Arc::clone(&self.process.tree), self.exit.has_ended());
        off_runtime(move || if has_ended { tree.members() } else { tree.with_leader() })
    }

    /// The members that outlive the leader. Whether one may be about to write is unknown here.
    pub(crate) fn look_for_writers(
        &self,
    ) -> impl Future<Output = (Vec<LeftoverProcess>, bool)> + Send + use<> {
        let tree = Arc::clone(&self.process.tree);
        off_runtime(move || (tree.leftovers(), false))
    }

    /// Ends the whole tree and waits until it is empty (for at most two seconds). Returns what could not be
    /// ended.
    pub(crate) fn kill_all(&self) -> impl Future<Output = Vec<Member>> + Send + use<> {
        let tree = Arc::clone(&self.process.tree);
        off_runtime(move || tree.kill_until_gone())
    }

    /// The same after a natural end, with the processes that the leader left behind.
    pub(crate) async fn reap_and_look(self) -> (Exit, Vec<LeftoverProcess>) {
        let tree = Arc::clone(&self.process.tree);
        let left = off_runtime(move || tree.leftovers()).await;
        (self.reap(), left)
    }

    /// Takes the exit status, after [`exited`](Self::exited). Processes left in the job live on.
    pub(crate) fn reap(self) -> Exit {
        live().remove(&self.process.key);
        let tree = &self.process.tree;
        let usage = tree.job.as_ref().and_then(Job::usage);
        if let Some(job) = &tree.job {
            job.release();
        }
        let status = match os_process::exit_code(&tree.handle) {
            // An NTSTATUS such as 0xC0000005 reads as the negative number that Windows' own tools show.
            Some(code) => ExitKind::Code(code.cast_signed()),
            None => ExitKind::Unknown,
        };
        Exit { status, usage }
    }
}

async fn off_runtime<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
