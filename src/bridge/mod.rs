//! The way into JavaScript.
//!
//! * [`listener`] is one execution's event handler, [`gate`] holds its lines back.
//! * [`event_bridge`] carries what all of them received across the FFI boundary, many events in one call.
//! * [`buffer_pool`] keeps the memory of batches, so that a batch costs no new one.

mod buffer_pool;
mod event_bridge;
mod gate;
mod listener;

pub use event_bridge::{EventBridge, NativeBatch};
pub use gate::Gates;
pub use listener::Listener;
