//! The guard: a `/bin/sh` that outlives the host by a few milliseconds.
//!
//! It reads the ids of live groups from a pipe whose only writing end is the host's. When the host
//! ends, however it ends, the kernel closes that end, the guard reads end of file and kills what is
//! listed (measured: 5 groups of 3 deaf processes gone 4 to 7 ms after the host's SIGKILL). PDEATHSIG
//! is no alternative: it follows the *thread* that started the child, and needs `pre_exec`.
//!
//! It has a group of its own and ignores INT, TERM and HUP, so that a Ctrl-C in a terminal does not end
//! it before the host. It inherits no environment, so that it carries nobody's execution mark. Without
//! `/bin/sh` there is no guard, and everything else works.

use std::collections::BTreeMap;
use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::live::{self, Token};

/// `kill -9 -$g`: dash rejects `kill -KILL -- -$g`.
const SCRIPT: &str = r#"trap '' INT TERM HUP
live=' '
while read -r op g; do
  case $op in
    +) live="$live$g " ;;
    -) case $live in *" $g "*) live="${live%%" $g "*} ${live#*" $g "}" ;; esac ;;
  esac
done
for g in $live; do kill -9 -$g 2>/dev/null; done"#;

/// A guard that somebody keeps killing is not started for ever.
const MAX_STARTS: u32 = 8;

struct Guard {
    shell: Child,
    lifeline: PipeWriter,
    /// Our own hold on the reading end: writing to a dead guard fills the pipe, and raises no SIGPIPE.
    _reading_end: PipeReader,
}

struct State {
    guard: Option<Guard>,
    starts: u32,
}

static STATE: Mutex<State> = Mutex::new(State { guard: None, starts: 0 });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the guard if there is none, before the first process it is to watch. Spawner thread only.
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
            // No shell here, and there will be none; anything else may pass.
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) {
                state.starts = MAX_STARTS;
            }
        }
    }
}

fn start() -> io::Result<Guard> {
    let (reading_end, lifeline) = pipe()?;
    rustix::io::ioctl_fionbio(&lifeline, true)?;
    let shell = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "execution-guard"])
        .env_clear()
        // An environment that is not empty is read at once, see `table::mark_of`.
        .env("EXECUTION_GUARD", "1")
        .current_dir("/")
        .stdin(reading_end.try_clone()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(Guard { shell, lifeline, _reading_end: reading_end })
}

/// Adds a group. A guard started anew is told of all the others as well.
pub(super) fn watch(pid: u32, live: &BTreeMap<Token, u32>) {
    let mut state = state();
    if state.guard.is_none() {
        // An engine that shut down has ended it since `ensure`, when nothing was live.
        ensure_in(&mut state);
    }
    let Some(guard) = &mut state.guard else { return };
    let told = TOLD_BY.swap(guard.shell.id(), std::sync::atomic::Ordering::Relaxed);
    if told == guard.shell.id() {
        guard.tell('+', pid);
    } else {
        for &pid in live.values() {
            guard.tell('+', pid);
        }
    }
}

/// The guard that knows of every live group.
static TOLD_BY: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// Removes a group, before its reap: afterwards the number may be a stranger's.
pub(super) fn forget(pid: u32) {
    if let Some(guard) = &mut state().guard {
        guard.tell('-', pid);
    }
}

impl Guard {
    fn tell(&mut self, op: char, pid: u32) {
        // One write below PIPE_BUF is whole or not at all. A full pipe means that the guard is dead or
        // stopped: it is looked at before the next spawn.
        let _ = self.lifeline.write_all(format!("{op} {pid}\n").as_bytes());
    }
}

/// Ends the guard while there is nothing to watch, so that a host that shut its engine down has no
/// child left. The next spawn starts another.
pub(crate) fn release_guard_if_idle() {
    let taken = live::if_none(|| {
        let mut state = state();
        state.starts = 0;
        state.guard.take()
    });
    let Some(Guard { mut shell, lifeline, _reading_end }) = taken.flatten() else { return };
    drop(lifeline);
    // It ends within a millisecond of its end of file, and the caller may be a JavaScript thread.
    let waiting = std::thread::Builder::new().name("exec-guard-end".into()).spawn(move || shell.wait());
    drop(waiting);
}
