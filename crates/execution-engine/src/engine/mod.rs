//! The conductor: accepts, queues, looks up, cancels, cleans up, shuts down.

mod api;
mod inner;
mod logs;
mod queue;
mod recover;

pub use api::{AbortHandle, CleanupReport, EngineMetrics, ExecutionEngine, ExecutionFilter};
pub(crate) use inner::Inner;
pub use logs::LogPage;
pub(crate) use queue::{Permit, Ticket};
pub use recover::{RecoverOptions, RecoveredExecution};
