//! A host's event loop that takes part in reading: few lines, in the host's own thread, with one wake-up per
//! line.
//!
//! [`handle`] is the host's handle. [`reactor`] reports readable pipes to the host's loop, and [`readiness`]
//! keeps its reports. [`shared_task`] is a future that the runtime and the host's thread both poll; [`pace`]
//! decides which of them reads. [`disabled`] stands in where the feature is off.

#[cfg(any(not(feature = "host-loop"), not(target_os = "linux")))]
mod disabled;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
mod handle;
mod pace;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
mod reactor;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
mod readiness;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
mod shared_task;

pub(crate) use pace::Pace;

#[cfg(all(unix, any(not(feature = "host-loop"), not(target_os = "linux"))))]
pub(crate) use disabled::Watched;
#[cfg(any(not(feature = "host-loop"), not(target_os = "linux")))]
pub(crate) use disabled::{HostLoop, Reactor, spawn};
#[cfg(all(feature = "host-loop", target_os = "linux"))]
pub use handle::HostLoop;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
pub(crate) use {
    handle::spawn,
    reactor::{Reactor, Watched},
};
