//! The guard: a `/bin/sh` that outlives the host by a few milliseconds.
//!
//! It reads the ids of live groups from a pipe whose only writing end is the host's. When the host ends,
//! however it does, the kernel closes that end; the guard reads end of file and kills the groups on its list
//! (measured: 5 groups of 3 processes that ignore SIGTERM were gone 4 to 7 ms after the host's SIGKILL).
//! PDEATHSIG is no alternative: it follows the *thread* that spawned the child, and needs `pre_exec`.
//!
//! The guard has a group of its own and ignores INT, TERM and HUP, so that a Ctrl-C in a terminal does not
//! end it before the host. Its environment holds only a mark of its own. The host may itself run inside an
//! execution and share its session; the mark keeps that execution from stopping the guard too early. Without
//! `/bin/sh` there is no guard, and everything else works.

use std::ffi::OsStr;
use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};

use crate::process::spec::EXECUTION_ID_VAR;
use crate::sync::lock;
use crate::thread::thread;

/// The script that the shell runs.
const SCRIPT: &str = include_str!("guard.sh");

/// In place of an execution's id.
const GUARD: &str = "guard";

/// Whether this is the mark of a guard.
pub(super) fn is_mark(mark: &OsStr) -> bool {
    let value = mark.as_bytes().strip_prefix(EXECUTION_ID_VAR.as_bytes());
    value.and_then(|value| value.strip_prefix(b"=")) == Some(GUARD.as_bytes())
}

/// Enough for all groups there may be: the largest pipe that Linux allows without privileges.
#[cfg(target_os = "linux")]
const MOST_WORDS: usize = 100_000;
/// `+ 4194304`, and the end of the line.
#[cfg(target_os = "linux")]
const LONGEST_WORD: usize = 10;

/// A guard that keeps being killed is not restarted for ever.
const MAX_STARTS: u32 = 8;

struct Guard {
    shell: Child,
    lifeline: PipeWriter,
    /// Our own copy of the reading end, so that writing to a dead guard fills the pipe and raises no SIGPIPE.
    _reading_end: PipeReader,
    /// Whether it knows of every live group, and of each one removed.
    is_synchronized: bool,
}

struct State {
    guard: Option<Guard>,
    starts: u32,
}

static STATE: Mutex<State> = Mutex::new(State { guard: None, starts: 0 });

fn state() -> MutexGuard<'static, State> {
    lock(&STATE)
}

/// Starts the guard if there is none, before the first process that it watches. Spawner thread only.
pub(super) fn ensure() {
    ensure_in(&mut state());
}

fn ensure_in(state: &mut State) {
    if let Some(guard) = &mut state.guard {
        if matches!(guard.shell.try_wait(), Ok(None)) {
            return;
        }
        state.guard = None;
    }
    if state.starts >= MAX_STARTS {
        return;
    }
    match start() {
        Ok(guard) => {
            state.starts += 1;
            state.guard = Some(guard);
        }
        Err(error) => {
            tracing::debug!(%error, "no guard: groups would outlive a crash of this process");
            // Without a shell now, there will be none later. Any other error may be transient.
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) {
                state.starts = MAX_STARTS;
            }
        }
    }
}

fn start() -> io::Result<Guard> {
    let (reading_end, lifeline) = pipe()?;
    rustix::io::ioctl_fionbio(&lifeline, true)?;
    // A new guard gets all groups in one write, before it reads the first.
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&lifeline, MOST_WORDS * LONGEST_WORD);
    let shell = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "execution-guard"])
        .env_clear()
        // A non-empty environment can be read immediately, see `table::mark_of`.
        .env(EXECUTION_ID_VAR, GUARD)
        .current_dir("/")
        .stdin(reading_end.try_clone()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(Guard { shell, lifeline, _reading_end: reading_end, is_synchronized: false })
}

/// Adds a group. A new guard gets all others as well.
pub(super) fn watch(pid: u32, mut all: impl Iterator<Item = u32>) {
    let mut state = state();
    if state.guard.is_none() {
        // An engine that shut down may have ended it since `ensure`, when there were no groups.
        ensure_in(&mut state);
    }
    let Some(guard) = &mut state.guard else { return };
    let is_synchronized = if guard.is_synchronized {
        guard.send('+', pid)
    } else {
        guard.is_synchronized = true;
        all.all(|pid| guard.send('+', pid))
    };
    if !is_synchronized {
        state.give_up();
    }
}

/// Removes a group before its reap: afterwards the id may belong to another process.
pub(super) fn unregister(pid: u32) {
    let mut state = state();
    if state.guard.as_mut().is_some_and(|guard| !guard.send('-', pid)) {
        state.give_up();
    }
}

impl State {
    /// A guard that missed a message would kill the wrong group, or miss one. It ends, and the next spawn
    /// starts another.
    fn give_up(&mut self) {
        let Some(mut guard) = self.guard.take() else { return };
        tracing::debug!("the guard does not read: a new one replaces it");
        let _ = guard.shell.kill();
        guard.end();
    }
}

impl Guard {
    /// False: the pipe is full, because the guard is dead or stopped. A write below `PIPE_BUF` is atomic.
    fn send(&mut self, op: char, pid: u32) -> bool {
        self.lifeline.write_all(format!("{op} {pid}\n").as_bytes()).is_ok()
    }

    /// Ends the guard and reaps it. That takes a millisecond, and the caller may be a JavaScript thread.
    fn end(self) {
        let Self { mut shell, .. } = self;
        let waiting = thread("exec-guard-end").spawn(move || shell.wait());
        drop(waiting);
    }
}

/// Ends the guard; the next group starts another.
pub(super) fn release() {
    let taken = {
        let mut state = state();
        state.starts = 0;
        state.guard.take()
    };
    if let Some(guard) = taken {
        guard.end();
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process, test_kill_process};

    use super::*;

    /// Larger than any process id there is (Linux: 2^22).
    const UNUSED_PID: u32 = 1 << 22;

    fn group() -> Child {
        Command::new("/bin/sleep").arg("3600").process_group(0).spawn().unwrap()
    }

    fn pid(child: &Child) -> Pid {
        Pid::from_raw(child.id().cast_signed()).unwrap()
    }

    #[test]
    fn exactly_the_live_ones_of_thousands_of_groups_are_killed() {
        let (mut first, mut middle, mut last, mut gone) = (group(), group(), group(), group());
        let mut guard = start().unwrap();
        // The guard reads as slowly as a shell does.
        rustix::io::ioctl_fionbio(&guard.lifeline, false).unwrap();
        let mut all = |op, ids: &mut dyn Iterator<Item = u32>| ids.for_each(|id| assert!(guard.send(op, id)));
        all('+', &mut [gone.id(), first.id()].into_iter());
        all('+', &mut (UNUSED_PID..UNUSED_PID + 3000));
        all('+', &mut [middle.id()].into_iter());
        all('+', &mut (UNUSED_PID + 3000..UNUSED_PID + 6000));
        all('-', &mut (UNUSED_PID..UNUSED_PID + 6000).step_by(2));
        all('-', &mut [gone.id(), UNUSED_PID + 9999].into_iter());
        all('+', &mut [last.id()].into_iter());
        all('-', &mut (UNUSED_PID + 1..UNUSED_PID + 6000).step_by(2).collect::<Vec<_>>().into_iter().rev());
        let Guard { mut shell, lifeline, .. } = guard;
        drop(lifeline);
        shell.wait().unwrap();
        for group in [&mut first, &mut middle, &mut last] {
            assert!(!group.wait().unwrap().success());
        }
        assert!(matches!(gone.try_wait(), Ok(None)));
        gone.kill().unwrap();
        gone.wait().unwrap();
    }

    #[test]
    fn a_guard_that_does_not_read_is_replaced_before_it_kills_a_stranger() {
        let mut state = State { guard: None, starts: 0 };
        ensure_in(&mut state);
        let deaf = pid(&state.guard.as_ref().unwrap().shell);
        kill_process(deaf, Signal::STOP).unwrap();
        while state.guard.as_mut().unwrap().send('+', UNUSED_PID) {}
        state.give_up();
        // Reaped by the thread that waits for it.
        while test_kill_process(deaf).is_ok() {
            std::thread::yield_now();
        }
        ensure_in(&mut state);
        assert!(state.guard.as_mut().unwrap().send('+', UNUSED_PID));
        state.give_up();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_guard_pipe_holds_as_many_groups_as_there_may_be_before_the_first_is_read() {
        let mut guard = start().unwrap();
        kill_process(pid(&guard.shell), Signal::STOP).unwrap();
        assert!((0..100_000).all(|id| guard.send('+', UNUSED_PID + id)));
        guard.shell.kill().unwrap();
        guard.shell.wait().unwrap();
    }
}
