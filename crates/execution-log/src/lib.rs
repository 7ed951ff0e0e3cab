//! The log of one command's execution, `<folder>/<id>.log`: its format, and a reader that damage does not stop.

mod failure;
pub mod format;
pub mod names;
mod reader;
mod vocabulary;

pub use failure::{ExecutionFailure, FailureCode};
pub use format::{ByteCounts, LogFooter, LogHeader, LogHost, LogRecord, LogRecordKind};
pub use reader::{LogDamage, LogPosition, LogReader, has_footer};
pub use vocabulary::{ExecutionMetadata, ExecutionStatus, OutputStream, ResourceUsage};
