//! One execution as a value of its own: await it, read its lines, write to it. Dropping it cancels.

mod cancel_on_drop;
mod execution_handle;
mod line_reader;
mod stdin_writer;

pub use execution_handle::{ExecutionHandle, Lines};
pub(super) use line_reader::LineSender;
pub use line_reader::OutputLine;
pub use stdin_writer::StdinWriter;
