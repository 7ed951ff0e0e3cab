//! What a panic in the addon prints.

use std::io::{Write, stderr};
use std::thread;

use napi_derive::module_init;

#[module_init]
fn init() {
    // std's own hook reads RUST_BACKTRACE, in the thread that panics. (A released addon has no symbols, so
    // its backtraces would say nothing.)
    std::panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let _ = writeln!(stderr(), "thread '{}' {panic}", thread.name().unwrap_or("unnamed"));
    }));
}
