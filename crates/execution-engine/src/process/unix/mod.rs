//! Unix: a session and its group hold the tree, `posix_spawn` starts it, `wait4` ends it.

mod child;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod crash_tests;
mod drop_reaper;
mod exec_strings;
mod exit_watch;
mod failure;
mod graceful_stop;
pub(super) mod guard;
mod identity;
mod live;
mod os_calls;
mod os_fork_spawn;
#[cfg(not(target_os = "linux"))]
mod os_kqueue;
mod os_spawn;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod os_spawn_tests;
mod pipe;
mod process_info;
mod snapshot;
mod start;
mod sweep;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod tree;

#[cfg(target_os = "linux")]
#[path = "table_linux.rs"]
mod table;
#[cfg(target_os = "macos")]
#[path = "os_table_macos.rs"]
mod table;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "table_none.rs"]
mod table;

pub(crate) use child::ExecutionChild;
pub(super) use child::Process;
pub(super) use drop_reaper::reap_orphans;
pub(super) use exit_watch::ExitWatch;
pub(super) use failure::{explain, transience};
pub(crate) use identity::{kill_group_of, kill_marked, marked_processes};
pub(crate) use live::release_guard_if_idle;
pub(super) use os_calls::prepare_spawner_thread;
pub(crate) use os_calls::prepare_writer_thread;
pub(super) use pipe::{PipeEnd, input_pipe, no_input, output_pipe, pipe_writer};
pub(crate) use pipe::{PipeReader, PipeWriter};
pub(super) use start::start;
