//! The Node-API addon: types in, types out. Converts and forwards; decides nothing.
//!
//! * `engine` is the class JavaScript sees.
//! * `request`, `config`, `result` and `records` are the types that cross the FFI boundary.
//! * `bridge` carries events to JavaScript, many in one call. On Linux, `event_loop` lets Node's event loop
//!   read a few lines in JavaScript's own thread.
//! * `environment` ends what runs with the JavaScript environment that started it.
//! * `host_environment` is `process.env` as children inherit it; `os_environ` looks whether it has changed.
//! * `logger` carries log entries to JavaScript.
//! * `masker` masks secrets in JavaScript's own strings.
//! * `number` converts numbers for JavaScript.
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
mod host_environment;
mod logger;
mod logs;
mod masker;
mod number;
#[cfg(target_os = "linux")]
mod os_environ;
mod panic_hook;
mod records;
mod request;
mod result;
mod retained_output;
mod sync;

pub use engine::{NativeEngine, new_id};
pub use host_environment::NativeEnvironment;
pub use logger::NativeLogger;
pub use masker::NativeMasker;
