//! Bytes a child wrote, on their way to the three sinks (memory, log, event handler).
//!
//! Pure: nothing here reads, waits or writes. Chunks come in, in any cut; what comes out does not
//! depend on the cut.
//!

mod buffer;
mod decode;
mod lines;
mod strategy;

pub(crate) use buffer::BoundedBuffer;
pub(crate) use lines::LineBatcher;
pub(crate) use strategy::part_to_retain;
