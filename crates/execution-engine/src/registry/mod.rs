//! The executions an engine remembers, what is known of each, and when they are forgotten.

mod execution;
mod life;
mod retention;
mod store;

pub(crate) use execution::{Accepted, Execution};
pub(crate) use life::{StdinMessage, StopRequest};
pub(crate) use retention::Retention;
pub(crate) use store::Registry;
