//! Everything that asks the operating system about processes: start, watch, signal, reap, find again.
//!
//! # Rules
//!
//! 1. One immortal [spawner thread](spawner) starts every process. Its signal mask is empty, because a
//!    child inherits it; starting costs 0.1 to 0.15 ms whatever the host's size, because nothing here
//!    leaves the `posix_spawn` path (absolute program, `process_group(0)`, never `pre_exec`).
//! 2. No signal handler is installed and nobody else's child is waited for. Node (libuv) installs and
//!    resets SIGCHLD as it likes: `tokio::process` loses exits there, so an exit is learnt from a pidfd,
//!    a kqueue or a wait handle, or from a small thread in `waitid` where those cannot be had.
//! 3. An exit is learnt *without* reaping. While the leader is a zombie its process group id cannot be
//!    used again, so a signal to the group cannot reach a stranger. After the reap nothing is signalled.
//!    (The order is Bazel's: `process-wrapper-legacy.cc`.)
//! 4. A started process always has an owner. Dropping one kills its group and reaps it.
//! 5. What left its group is found by a variable in its environment, [`EXECUTION_ID_VAR`] (the way of
//!    GitHub's runner with `RUNNER_TRACKING_ID`). A process that replaced its environment, or runs as
//!    another user, is not found.
//! 6. When the host dies without a word, the [guard](unix::guard) ends the groups (Unix), or the kernel
//!    closes the job (Windows).

mod launch;
pub(crate) mod shebang;
mod spawner;
mod spec;
mod working_dir;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

pub(crate) use launch::Spawned;
pub(crate) use os::{
    ExecutionChild, PipeReader, PipeWriter, kill_group_of, kill_marked, marked_processes,
    prepare_writer_thread, release_guard_if_idle,
};
pub(crate) use spawner::spawn;
pub(crate) use spec::{EXECUTION_ID_VAR, Exit, ExitKind, Scope, SpawnSpec, StdinMode, TreeSignal, marker};
pub(crate) use working_dir::check_working_dir;
