//! The life of one execution, from accepted to its terminal event.
//!
//! [`task`] reads top to bottom: wait for a place, start, supervise, conclude. [`Execution`] is what
//! everybody else holds of it.

mod catch_unwind;
mod conclude;
mod delivery;
mod dormant;
mod flow;
mod handle;
mod host_loop;
mod life;
mod log_header;
mod outcome;
mod pace;
mod shared_task;
mod sinks;
mod stdin;
mod supervise;
mod task;

pub(crate) use conclude::blank as blank_result;
pub(crate) use handle::{Accepted, Execution, StdinMessage, StopRequest};
pub use host_loop::HostLoop;
pub(crate) use outcome::failure;
pub(crate) use shared_task::SharedTask;
pub(crate) use sinks::OutputLimit;
pub(crate) use task::{Place, StdinSource, Task};
