//! Bytes a child wrote, on their way to the three sinks (memory, log, event handler).
//!
//! Pure: nothing here reads, waits or writes. However the output is cut into chunks, the result is the same.
//!
//! - [`redact`] masks secrets, before anything else sees the bytes; [`encodings`] lists the forms a
//!   secret takes, with [`escapes`], [`entities`] and [`shell_quotes`]; [`matcher`] finds them all at once.
//! - [`lines`] cuts at line ends and makes batches of text; [`decode`] turns bytes into text.
//! - [`buffer`] keeps the part for the result.

mod buffer;
mod decode;
mod encodings;
mod entities;
mod escapes;
mod lines;
mod masker;
mod matcher;
mod redact;
mod shell_quotes;

pub(crate) use buffer::BoundedBuffer;
pub(crate) use lines::LineBatcher;
pub use masker::Masker;
pub(crate) use redact::{Secrets, StreamRedactor};
