//! The addon's runtime: few threads, and few wake-ups.
//!
//! Handling a line is little work; waking a thread for it is a lot. tokio wakes a second thread whenever the
//! first has two things to do, and each then does half at twice the cost. So there are few threads.
//!
//! After an end, a thread that has run out of work naps before it parks. The caller who learns of the end
//! usually starts the next execution, and waking a thread for that is most of what the start costs
//! JavaScript's thread. To tokio, a worker that sleeps in `on_thread_park` is not parked, so tokio wakes
//! none; this relies on having few workers. Without the nap, the benchmark row "JavaScript blocked by a
//! spawn" rises from 48 to 86 µs; its target is 50. (A longer pause while very many lines arrived was
//! measured the same way and removed: it gained nothing once Node's own loop read the quiet pipes.)

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;
use tokio::runtime::Builder;

/// Enough to read and mask several busy streams at once; JavaScript consumes one at a time.
const MAX_THREADS: usize = 4;
/// About as long as JavaScript takes to answer an end with a start.
const NAP: Duration = Duration::from_micros(60);

/// std's own default.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// An execution has ended since a thread last ran out of work.
static ENDED: AtomicBool = AtomicBool::new(false);

#[module_init]
fn init() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = Builder::new_multi_thread();
    // Without a size, each new thread would look one up in the environment.
    builder.thread_stack_size(STACK_BYTES);
    builder.worker_threads((cores / 2).clamp(1, MAX_THREADS)).enable_all().on_thread_park(|| {
        if ENDED.swap(false, Ordering::Relaxed) {
            std::thread::sleep(NAP);
        }
    });
    // On failure, the library makes a runtime itself or reports why it cannot.
    if let Ok(runtime) = builder.build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// JavaScript has received an end.
pub fn ended() {
    ENDED.store(true, Ordering::Relaxed);
}
