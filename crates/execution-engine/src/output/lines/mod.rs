//! [`LineBatcher`]: bytes of two streams in, batches of whole lines of text out.
//!
//! `\n` ends a line, together with a `\r` right before it; nothing else does. Bytes after the last `\n` wait
//! as the stream's tail. A line of over [`MAX_LINE_PART`] bytes is delivered in parts: the tail is bounded.

mod batcher;
#[cfg(test)]
mod tests;

pub(crate) use batcher::LineBatcher;
