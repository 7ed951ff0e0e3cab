//! What happens to an execution, and who receives it.

mod execution_event;
mod handler;
mod line_batch;

pub use execution_event::{EventKind, ExecutionEvent, OutputStream};
pub use handler::{BridgeHandler, EventHandler, HandlerFuture};
pub use line_batch::{LineBatch, LineRun};
