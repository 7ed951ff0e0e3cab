//! The Node-API addon: types in, types out. Converts and forwards; decides nothing.
//!
//! * `engine` is the class JavaScript sees.
//! * `request`, `config`, `result` and `records` are the types that cross the FFI boundary.
//! * `bridge` carries events to JavaScript, many in one call; on Linux `event_loop` has a few lines read in JavaScript's
//!   own thread, by Node's event loop.
//! * `environment` ends what runs with the JavaScript environment that started it.
//! * `logger` carries log entries to JavaScript.
//! * `masker` masks secrets in JavaScript's own words.
//! * `number` looks at JavaScript's numbers.
//! * `failure` carries errors, as data: the class is made in TypeScript.

#![allow(clippy::needless_pass_by_value, reason = "what comes from JavaScript comes as a value")]
#![allow(clippy::missing_errors_doc, reason = "answers carry refusals as data; an `Err` is Node-API failing")]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "`Env` is passed as its library passes it")]

mod bridge;
mod config;
mod engine;
mod environment;
#[cfg(target_os = "linux")]
mod event_loop;
mod failure;
mod kept_output;
mod logger;
mod logs;
mod masker;
mod number;
mod records;
mod request;
mod result;
mod sync;

pub use engine::{NativeEngine, new_id};
pub use logger::NativeLogger;
pub use masker::NativeMasker;
