//! What happens to an execution, and who is told.

mod bridge_handler;
mod execution_event;
mod handler;
mod line_batch;

pub use bridge_handler::BridgeHandler;
pub use execution_event::{EventKind, ExecutionEvent, OutputStream};
pub use handler::{EventHandler, HandlerFuture};
pub use line_batch::{LineBatch, LineRun};
