//! The way into JavaScript.
//!
//! * `listener` is one execution's event handler, `subscription` pauses its lines, `budget` bounds the bytes
//!   on their way.
//! * `event_bridge` batches the events of an engine's listeners (`batch`, with memory of `buffer_pool`) and
//!   sends them.
//! * `coalescing` decides when the next batch may cross.
//! * `runtime` is the tokio runtime, whose workers pause a little when batches arrive often.
//! * `crossing` turns a batch into JavaScript's arguments, in JavaScript's thread.

mod batch;
mod budget;
mod buffer_pool;
mod coalescing;
mod crossing;
mod event_bridge;
mod listener;
mod runtime;
mod subscription;

pub use crossing::NativeBatch;
pub use event_bridge::EventBridge;
pub use listener::Listener;
pub use subscription::Subscriptions;
