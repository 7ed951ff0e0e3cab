//! The conductor: accepts, queues, looks up, cancels, cleans up, shuts down.

mod api;
mod cleanup;
mod inner;
mod logs;
mod recover;

pub use api::{AbortHandle, CleanupReport, EngineMetrics, ExecutionEngine, ExecutionFilter};
pub use logs::LogPage;
pub use recover::{RecoverOptions, RecoveredExecution};
