//! The way into JavaScript.
//!
//! * `listener` is one execution's event handler, `gate` holds its lines back, `budget` bounds what is on its way.
//! * `event_bridge` collects what the listeners of an engine get into batches (`batch`, whose memory `buffer_pool`
//!   keeps) and sends them.
//! * `coalescing` decides when the next one may come.
//! * `runtime` is the tokio runtime, whose workers rest a little where batches come often.
//! * `crossing` makes JavaScript's arguments of a batch, in JavaScript's thread.

mod batch;
mod budget;
mod buffer_pool;
mod coalescing;
mod crossing;
mod event_bridge;
mod gate;
mod listener;
mod runtime;

pub use crossing::NativeBatch;
pub use event_bridge::EventBridge;
pub use gate::Gates;
pub use listener::Listener;
