//! Bytes a child wrote, on their way to the three sinks (memory, log, event handler).
//!
//! Pure: nothing here reads, waits or writes. Chunks come in, in any cut; what comes out does not
//! depend on the cut.
//!
//! - [`redact`] masks secrets, before anything else sees the bytes; [`encodings`] lists the forms a
//!   secret takes, [`matcher`] finds them all at once.
//! - [`lines`] cuts at line ends and gathers batches of text; [`decode`] makes text of bytes.
//! - [`buffer`] keeps what the result may hold.

mod buffer;
mod decode;
mod encodings;
mod lines;
mod masker;
mod matcher;
mod redact;

pub(crate) use buffer::BoundedBuffer;
pub(crate) use lines::LineBatcher;
pub use masker::Masker;
pub(crate) use redact::{Secrets, StreamRedactor};
