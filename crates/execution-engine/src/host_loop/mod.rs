//! A host's event loop that takes part in reading: few lines, in the host's own thread, with one wake-up per line.
//!
//! [`handle`] is what a host holds, [`reactor`] tells the host's loop of pipes that can be read, [`shared_task`] is an
//! execution that both the runtime and the host's thread poll, [`pace`] decides which of them reads.

mod handle;
mod pace;
#[cfg_attr(target_os = "linux", path = "reactor_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "reactor_none.rs")]
mod reactor;
#[cfg(target_os = "linux")]
mod readiness;
mod shared_task;

pub use handle::HostLoop;
pub(crate) use pace::Pace;
pub(crate) use reactor::Reactor;
#[cfg(target_os = "linux")]
pub(crate) use reactor::Watched;
pub(crate) use shared_task::SharedTask;
