//! What to run, where, and under which limits.

mod checks;
mod command;
mod execution_request;
mod stdin;

pub use command::Command;
pub use execution_request::{ExecutionMetadata, ExecutionRequest, InheritEnv};
pub use stdin::Stdin;
