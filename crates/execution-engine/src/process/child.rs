//! [`ExecutionChild`]: one process and the tree it leads.

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::exit_watch::ExitWatch;
use super::{EXECUTION_ID_VAR, guard, identity, scan, sys};
use crate::result::{Containment, LeftoverProcess, ResourceUsage};

/// How to ask a tree to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeSignal {
    /// SIGTERM, then SIGCONT: a stopped process hears nothing until it is continued.
    Polite,
    /// SIGKILL.
    Force,
}

/// Whom to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Members of the process group.
    Group,
    /// And those that left it, found by the mark in their environment.
    GroupAndEscaped,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) status: ExitKind,
    pub(crate) usage: Option<ResourceUsage>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExitKind {
    Code(i32),
    Signal {
        number: i32,
        name: String,
        core_dumped: bool,
    },
    /// Somebody else took the status.
    Unknown,
}

impl Exit {
    /// Nothing is known of the end.
    pub(crate) fn unknown() -> Self {
        Self { status: ExitKind::Unknown, usage: None }
    }
}

/// A process of ours, not yet reaped. Until then its pid and its group's id can belong to nobody
/// else, so that signals are safe. Dropping it kills the group and reaps.
#[derive(Debug)]
pub(crate) struct ExecutionChild {
    pid: Pid,
    start_time: Option<u64>,
    mark: OsString,
    watch: Option<ExitWatch>,
    reaped: bool,
}

/// A process that was reaped, for questions about what it left behind.
#[derive(Debug)]
pub(crate) struct Reaped {
    group: Pid,
    mark: OsString,
}

impl ExecutionChild {
    pub(super) fn new(pid: u32, env: &[(OsString, OsString)]) -> Self {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
        let id = env.iter().find(|(name, _)| name == OsStr::new(EXECUTION_ID_VAR));
        let mut mark = OsString::from(EXECUTION_ID_VAR);
        mark.push("=");
        if let Some((_, id)) = id {
            mark.push(id);
        }
        let start_time = identity::start_time(pid.as_raw_pid().unsigned_abs());
        Self { pid, start_time, mark, watch: None, reaped: false }
    }

    /// Begins to watch for the exit; needs a runtime.
    pub(super) fn watch(&mut self) {
        self.watch = Some(ExitWatch::new(self.pid));
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// When it was started, in the system's own unit: with the pid, an identity.
    pub(crate) fn start_time(&self) -> Option<u64> {
        self.start_time
    }

    #[expect(clippy::unused_self, reason = "other systems have more than one kind")]
    pub(crate) fn containment(&self) -> Containment {
        Containment::Group
    }

    /// Resolves when the process has ended. It is not reaped. Cancel-safe.
    pub(crate) async fn exited(&mut self) {
        match &mut self.watch {
            Some(watch) => watch.exited().await,
            None => std::future::pending().await,
        }
    }

    /// Signals the group. Nobody there any more is no error.
    pub(crate) fn signal_tree(&self, signal: TreeSignal) {
        let send = |signal| {
            // ESRCH: gone. EPERM: on macOS, only the zombie leader is left.
            if let Err(error) = kill_process_group(self.pid, signal) {
                tracing::debug!(pid = self.pid(), %error, "the process group took no signal");
            }
        };
        match signal {
            TreeSignal::Polite => {
                send(Signal::TERM);
                send(Signal::CONT);
            }
            TreeSignal::Force => send(Signal::KILL),
        }
    }

    /// The tree's live processes, its leader left out.
    pub(crate) async fn members(&self, scope: Scope) -> Vec<LeftoverProcess> {
        let (group, mark) = (self.pid(), self.mark.clone());
        blocking(move || scan::members(group, mark_for(scope, &mark))).await
    }

    /// Kills what is left of the tree, those included that left the group, until a look finds
    /// nobody. What is returned withstood.
    pub(crate) async fn kill_all(&self) -> Vec<LeftoverProcess> {
        let (group, mark) = (self.pid, self.mark.clone());
        blocking(move || {
            let deadline = Instant::now() + scan::SWEEP_LIMIT;
            loop {
                // The group at once first: a fork between look and kill stays in it.
                let _ = kill_process_group(group, Signal::KILL);
                let left = scan::members(group.as_raw_pid().unsigned_abs(), Some(&mark));
                if left.is_empty() || Instant::now() > deadline {
                    return left;
                }
                for process in &left {
                    scan::kill_marked(process.pid, &mark);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        })
        .await
    }

    /// Takes the exit status, after [`exited`](Self::exited).
    pub(crate) fn reap(mut self) -> (Exit, Reaped) {
        let exit = self.reap_now();
        (exit, Reaped { group: self.pid, mark: std::mem::take(&mut self.mark) })
    }

    fn reap_now(&mut self) -> Exit {
        // Off the guard's list before the id can belong to somebody else.
        guard::let_go(self.pid());
        self.reaped = true;
        match sys::reap(self.pid.as_raw_pid()) {
            Ok(Some(status)) => {
                let kind = match (status.code, status.signal) {
                    (Some(code), _) => ExitKind::Code(code),
                    (None, Some(number)) => ExitKind::Signal {
                        number,
                        name: signal_name(number),
                        core_dumped: status.core_dumped,
                    },
                    (None, None) => ExitKind::Unknown,
                };
                Exit { status: kind, usage: Some(status.usage) }
            }
            // ECHILD: SIGCHLD is ignored here, or somebody waits for any child.
            Ok(None) | Err(_) => Exit::unknown(),
        }
    }
}

impl Drop for ExecutionChild {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.signal_tree(TreeSignal::Force);
        let pid = self.pid;
        let reap = move || {
            super::exit_watch::wait_without_reaping(pid);
            guard::let_go(pid.as_raw_pid().unsigned_abs());
            let _ = sys::reap(pid.as_raw_pid());
        };
        let thread = std::thread::Builder::new().name("execution-reaper".to_owned()).stack_size(64 * 1024);
        if let Err(error) = thread.spawn(reap) {
            tracing::error!(pid = self.pid(), %error, "a killed process could not be reaped");
        }
    }
}

impl Reaped {
    /// What the ended process left in its group. Signals nobody.
    ///
    /// The usual answer, that nobody is left, costs one system call: a group without members has no
    /// id any more.
    pub(crate) async fn members(&self) -> Vec<LeftoverProcess> {
        if test_kill_process_group(self.group).is_err() {
            return Vec::new();
        }
        let (group, mark) = (self.group.as_raw_pid().unsigned_abs(), self.mark.clone());
        blocking(move || scan::members(group, Some(&mark))).await
    }
}

fn mark_for(scope: Scope, mark: &OsStr) -> Option<&OsStr> {
    (scope == Scope::GroupAndEscaped).then_some(mark)
}

/// Reading the process table takes a millisecond or more.
async fn blocking<T: Send + 'static>(look: impl FnOnce() -> Vec<T> + Send + 'static) -> Vec<T> {
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

/// `SIGTERM` for 15; `signal 64` for one without a name.
fn signal_name(number: i32) -> String {
    let names: [(i32, &str); 30] = [
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGUSR1, "SIGUSR1"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGUSR2, "SIGUSR2"),
        (libc::SIGPIPE, "SIGPIPE"),
        (libc::SIGALRM, "SIGALRM"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGCHLD, "SIGCHLD"),
        (libc::SIGCONT, "SIGCONT"),
        (libc::SIGSTOP, "SIGSTOP"),
        (libc::SIGTSTP, "SIGTSTP"),
        (libc::SIGTTIN, "SIGTTIN"),
        (libc::SIGTTOU, "SIGTTOU"),
        (libc::SIGURG, "SIGURG"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
        (libc::SIGVTALRM, "SIGVTALRM"),
        (libc::SIGPROF, "SIGPROF"),
        (libc::SIGWINCH, "SIGWINCH"),
        (libc::SIGIO, "SIGIO"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGIOT, "SIGABRT"),
    ];
    names
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}
