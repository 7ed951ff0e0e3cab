//! What to run, where, and under which limits.

mod checks;
mod command;
mod execution_request;

pub use command::Command;
pub use execution_request::{ExecutionMetadata, ExecutionRequest, InheritEnv, Stdin};
