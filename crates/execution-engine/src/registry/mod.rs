//! The executions an engine remembers, and when it forgets them.

mod cleanup;
mod retention;
mod store;

pub(crate) use cleanup::run_cleanup;
pub(crate) use retention::Retention;
pub(crate) use store::Registry;
