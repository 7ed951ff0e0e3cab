//! The addon's runtime: few threads, and few wake-ups.
//!
//! A line is little work; waking a thread for it is a lot. tokio wakes a second thread whenever the first has
//! two things to do, and each of them ends up doing half at twice the cost: so there are few threads.
//!
//! After an end, a thread that has run out of work naps before it waits for more. The caller who learns of
//! the end usually starts the next execution, and waking a thread for that is most of what the start costs
//! JavaScript's thread. A worker that sleeps in `on_thread_park` is not parked to tokio, which therefore
//! wakes nobody; this relies on there being few workers. The benchmark row that falls without the nap is
//! "JavaScript blocked by a spawn": from 48 to 86 µs, and its target is 50. (A longer pause while very many
//! lines arrived was measured the same way and removed: no row fell without it once Node's own loop read the
//! quiet pipes.)

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;
use tokio::runtime::Builder;

/// Enough to read and mask several busy streams at once; JavaScript takes in one.
const MAX_THREADS: usize = 4;
/// As long as JavaScript takes to respond to an end with a start.
const NAP: Duration = Duration::from_micros(60);

/// std's own default.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// An execution has ended since a thread last ran out of work.
static ENDED: AtomicBool = AtomicBool::new(false);

#[module_init]
fn init() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = Builder::new_multi_thread();
    // Given no size, each new thread would look for one in the environment.
    builder.thread_stack_size(STACK_BYTES);
    builder.worker_threads((cores / 2).clamp(1, MAX_THREADS)).enable_all().on_thread_park(|| {
        if ENDED.swap(false, Ordering::Relaxed) {
            std::thread::sleep(NAP);
        }
    });
    // Otherwise the library makes one itself, or says why it cannot.
    if let Ok(runtime) = builder.build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// JavaScript has received an end.
pub fn ended() {
    ENDED.store(true, Ordering::Relaxed);
}
