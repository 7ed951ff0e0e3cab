//! The orchestrator: accepts, queues, looks up, cancels, cleans up, shuts down.

mod accept;
mod api;
mod builder;
mod cleanup;
mod execution_engine;
mod handle;
mod inner;
mod logs;
mod recover;

pub use accept::Call;
pub use api::{AbortHandle, EngineMetrics, ExecutionFilter};
pub use builder::EngineBuilder;
pub use cleanup::CleanupReport;
pub use execution_engine::ExecutionEngine;
pub use handle::{ExecutionHandle, Lines, OutputLine, StdinWriter};
pub use recover::{RecoverOptions, RecoveredExecution};
