//! One execution as a value of its own: await it, read its lines, write to it; dropping it cancels.

mod cancel_on_drop;
mod execution_handle;
mod lines;
mod stdin_writer;

pub use execution_handle::ExecutionHandle;
pub(super) use lines::LineSender;
pub use lines::{Lines, OutputLine};
pub use stdin_writer::StdinWriter;
