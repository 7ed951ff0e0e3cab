//! The addon's runtime: few threads, and few wake-ups.
//!
//! A line is little work; waking a thread for it is a lot. tokio wakes a second thread whenever the first has
//! two things to do, and each of them ends up doing half at twice the cost: so there are few threads. When
//! very many small lines arrive, a thread that has run out of work sleeps for a moment before it waits for
//! more, as network cards moderate their interrupts. It does the same after an end: the caller who learns of
//! it usually starts the next execution, and waking a thread for that would be most of what the start costs
//! JavaScript's thread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;
use tokio::runtime::Builder;

use super::coalescing::Rate;
use crate::sync::lock;

/// Enough to read and mask several busy streams at once; JavaScript takes in one.
const MAX_THREADS: usize = 4;
/// The pause.
const PAUSE: Duration = Duration::from_micros(500);
/// After an end: as long as JavaScript takes to respond with a start.
const NAP: Duration = Duration::from_micros(60);

/// Batches since the last check.
static ARRIVED: AtomicU32 = AtomicU32::new(0);
/// An execution has ended since a thread last ran out of work.
static ENDED: AtomicBool = AtomicBool::new(false);
static ARRIVALS: Mutex<Option<Arrivals>> = Mutex::new(None);

struct Arrivals {
    rate: Rate,
    at: Instant,
}

#[module_init]
fn init() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads((cores / 2).clamp(1, MAX_THREADS)).enable_all().on_thread_park(|| {
        if is_crowded() {
            std::thread::sleep(PAUSE);
        } else if ENDED.swap(false, Ordering::Relaxed) {
            std::thread::sleep(NAP);
        }
    });
    // Otherwise the library makes one itself, or says why it cannot.
    if let Ok(runtime) = builder.build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// Counts a batch of lines.
pub fn arrived() {
    ARRIVED.fetch_add(1, Ordering::Relaxed);
}

/// JavaScript has received an end.
pub fn ended() {
    ENDED.store(true, Ordering::Relaxed);
}

/// Whether batches arrive so often that a pause saves more wake-ups than it costs time.
fn is_crowded() -> bool {
    let now = Instant::now();
    let arrived = ARRIVED.swap(0, Ordering::Relaxed) as usize;
    let mut known = lock(&ARRIVALS);
    let arrivals = known.get_or_insert(Arrivals { rate: Rate::default(), at: now });
    let passed = (now - arrivals.at).max(Duration::from_nanos(1));
    arrivals.rate.count(arrived, passed.as_secs_f64() * 1000.0);
    arrivals.at = now;
    arrivals.rate.is_crowded()
}
