//! The conductor: accepts, queues, looks up, cancels, cleans up, shuts down.

mod api;
mod builder;
mod cleanup;
mod handle;
mod inner;
mod logs;
mod recover;

pub use api::{AbortHandle, CleanupReport, EngineMetrics, ExecutionEngine, ExecutionFilter};
pub use builder::EngineBuilder;
pub use handle::{ExecutionHandle, Lines, OutputLine, StdinWriter};
pub use logs::LogPage;
pub use recover::{RecoverOptions, RecoveredExecution};
