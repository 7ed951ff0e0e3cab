//! Everything that asks the operating system about processes: spawn, watch, signal, reap, find again.
//!
//! # Rules
//!
//! 1. One immortal [spawner thread](spawner) spawns every process. On Unix, each gets a session of its own,
//!    default signal dispositions and an empty signal mask. `posix_spawn` keeps a spawn at 0.1 to 0.15 ms
//!    whatever the host's size; the host is forked only where the C library leaves no other way.
//! 2. The engine installs no signal handler and waits only for its own children. Node (libuv) installs and
//!    resets its SIGCHLD handler at will, and `tokio::process` then loses exits. The engine learns of an exit
//!    from a pidfd, a kqueue or a wait handle, or from a small thread in `waitid` if those are unavailable.
//! 3. An exit is learned *without* reaping. While the leader is a zombie its process group id cannot be
//!    reused, so a signal to the group cannot reach another process. After the reap nothing is signalled.
//!    (The order is Bazel's: `process-wrapper-legacy.cc`.)
//! 4. A spawned process always has an owner. Dropping the owner kills the group and reaps the leader.
//! 5. Processes that left the group are found by their session, and those that left that too by a variable in
//!    their environment, [`EXECUTION_ID_VAR`] (as GitHub's runner does with `RUNNER_TRACKING_ID`). One that
//!    runs as another user hides its environment, and is found by its parent. A process that left the session
//!    and replaced its environment is not found.
//! 6. When the host dies without a shutdown, the [guard](unix::guard) kills the groups (Unix), or the kernel
//!    closes the job (Windows).

mod launch;
pub(crate) mod shebang;
mod spawn_claim;
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
pub(crate) use spawn_claim::SpawnClaim;
pub(crate) use spawner::spawn;
pub(crate) use spec::{EXECUTION_ID_VAR, Exit, ExitKind, Member, SpawnSpec, StdinMode, TreeSignal, marker};
pub(crate) use working_dir::check_working_dir;
