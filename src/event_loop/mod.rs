//! Node's event loop as a reader: [`fast_path`] reads a few lines in JavaScript's own thread, [`uv`] has
//! libuv watch for them, if [`node`] says that it is libuv's loop.

mod fast_path;
mod node;
mod uv;

pub use fast_path::FastPath;
