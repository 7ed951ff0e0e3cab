//! Windows: a job object holds the tree and ends it when its last handle closes, the host's death included.
//!
//! A process is created suspended, put into its job, then resumed, so that nothing it starts is outside.
//! (`std` cannot name the job at creation yet, so a host that dies between the two calls leaves a suspended
//! process behind.) Processes get a process group of their own, so that a Ctrl-C meant for the host does not
//! reach them. A graceful stop is a Ctrl-Break, which only processes on the same console receive: without a
//! console (a service, a desktop program), the job is terminated immediately.
//!
//! Nothing here has been run yet: it is only type-checked.

mod child;
mod failure;
mod identity;
mod os_console;
mod os_exit_watch;
mod os_job;
mod os_pipe;
mod os_process;
mod os_resume;
mod start;

pub(crate) use child::ExecutionChild;
pub(super) use child::Process;
pub(super) use failure::{explain, transience};
pub(crate) use identity::{kill_group_of, kill_marked, marked_processes};
pub(super) use os_exit_watch::ExitWatch;
pub(super) use os_pipe::{PipeEnd, input_pipe, no_input, output_pipe, pipe_writer};
pub(crate) use os_pipe::{PipeReader, PipeWriter};
pub(super) use start::start;

/// Signal masks exist on Unix only.
pub(super) fn prepare_spawner_thread() {}

/// Signal masks exist on Unix only.
pub(crate) fn prepare_writer_thread() {}

/// Nothing needs to be reaped: a process is gone when its last handle is.
pub(super) fn reap_orphans() {}

/// There is no guard: the kernel closes the jobs.
pub(crate) fn release_guard_if_idle() {}
