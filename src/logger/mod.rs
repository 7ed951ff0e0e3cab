//! Log entries for JavaScript: what the engine says through `tracing`.
//!
//! * `layer` is the process's only subscriber, which turns each event into an `entry`. Nothing is installed,
//!   and nothing costs anything, until the first environment asks for logs.
//! * `sinks` knows which environments listen, and from which level on.
//! * `sink` is one environment's bounded queue: a full one drops and counts, so that a log never blocks the
//!   engine.
//! * `native_logger` is the class that JavaScript sees.

mod entry;
mod layer;
mod native_logger;
mod sink;
mod sinks;

pub use native_logger::NativeLogger;
