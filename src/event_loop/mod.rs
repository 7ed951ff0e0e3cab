//! Node's event loop as a reader: [`fast_path`] reads a few lines in JavaScript's own thread, [`uv`] has libuv watch for
//! them.

mod fast_path;
mod uv;

pub use fast_path::ShortWay;
