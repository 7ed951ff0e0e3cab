//! The executions an engine holds, what is known of each, and how long they are retained.

mod execution;
mod life;
mod retention;
mod store;

pub(crate) use execution::{Accepted, Execution};
pub(crate) use life::{OwnLog, StdinMessage, StopRequest};
pub(crate) use retention::Retention;
pub(crate) use store::Registry;
