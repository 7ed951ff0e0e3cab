//! Bytes a child wrote, on their way to the three sinks (memory, log, event handler).
//!
//! Pure: nothing here reads, waits or writes. Chunks come in, in any cut; what comes out does not
//! depend on the cut.
//!

mod decode;
mod lines;

pub(crate) use lines::LineBatcher;
