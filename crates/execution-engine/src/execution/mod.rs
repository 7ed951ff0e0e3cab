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
mod life;
mod log_header;
mod outcome;
mod sinks;
mod stdin;
mod supervise;
mod task;

pub(crate) use conclude::blank as blank_result;
pub(crate) use handle::{Accepted, Execution, StdinMessage, StopRequest};
pub(crate) use outcome::failure;
pub(crate) use sinks::OutputLimit;
pub(crate) use task::{Place, StdinSource, Task};
