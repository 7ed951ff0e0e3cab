//! Every operating system call about processes is in here.
//!
//! * `spawner` starts them, all on one thread.
//! * `child` is one of them: its end is learned without a signal handler and without reaping.
//! * `exit_watch` says when it has ended; `scan` finds what belongs to it.
//! * `guard` ends the trees when this program dies.
//! * `identity` tells a process from a later one with the same id.
//! * `failure` says why one could not be started.

mod child;
mod exit_watch;
mod failure;
mod guard;
mod identity;
mod scan;
mod spawner;
mod sys;

pub(crate) use child::{ExecutionChild, Exit, ExitKind, Scope, TreeSignal};
pub(crate) use failure::{SpawnFailure, working_dir_missing};
pub(crate) use identity::{HostIdentity, host_identity, is_same_process};
pub(crate) use scan::{stop_survivors, survivors};
pub(crate) use spawner::{PipeReader, PipeWriter, SpawnSpec, Spawned, StdinMode, spawn};

/// Every child carries its execution's id in this variable, and its descendants inherit it: that is
/// how those are found that left the process group.
pub(crate) const EXECUTION_ID_VAR: &str = "ESCHER_EXECUTION_ID";
