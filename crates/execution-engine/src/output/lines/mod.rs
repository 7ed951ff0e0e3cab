//! [`LineBatcher`]: bytes of two streams in, batches of whole lines of text out.
//!
//! `\n` ends a line and a `\r` right before it goes with it; nothing else does. What stands after the
//! last `\n` waits as the stream's tail. A line of over [`MAX_LINE_PART`] bytes comes in parts, so
//! that a tail has a bound.

mod batcher;
#[cfg(test)]
mod tests;

pub(crate) use batcher::LineBatcher;
