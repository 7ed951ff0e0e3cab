//! The runtime of the addon: few threads, and moderate ones.
//!
//! What a thread does for a line is little, and what it costs to wake it is much. So the engine has few threads:
//! tokio wakes a second one wherever the first has two things to do, and each of them ends up doing half, at twice
//! the price. And where very many lines come in, each of them small, a thread that has nothing left to do sleeps
//! for a moment before it waits for more, as network cards moderate their interrupts. So it does after an end: who is
//! told of one starts the next thing, more often than not, and waking a thread for it is most of what that costs
//! JavaScript's own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;
use tokio::runtime::Builder;

use crate::sync::lock;

/// Enough to read and mask several loud streams at once; JavaScript takes in one.
const MAX_THREADS: usize = 4;
/// Over how long arrivals are counted, older ones by and by forgotten.
const WINDOW: Duration = Duration::from_millis(4);
/// Arrivals in a window, above which a pause saves more wakings than it costs anybody time.
const CROWD: f64 = 80.0;
/// The pause.
const PAUSE: Duration = Duration::from_micros(500);
/// After an end: as long as JavaScript takes to answer it with a start.
const NAP: Duration = Duration::from_micros(60);

/// Batches that came in since anybody looked.
static ARRIVED: AtomicU32 = AtomicU32::new(0);
/// An execution has ended since a thread last had nothing to do.
static ENDED: AtomicBool = AtomicBool::new(false);
static TRAFFIC: Mutex<Option<Traffic>> = Mutex::new(None);

struct Traffic {
    arrivals: f64,
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
    // Without it the library makes one itself, or says why it cannot.
    if let Ok(runtime) = builder.build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// A batch of lines came in.
pub fn arrived() {
    ARRIVED.fetch_add(1, Ordering::Relaxed);
}

/// JavaScript has been told of an end.
pub fn ended() {
    ENDED.store(true, Ordering::Relaxed);
}

fn is_crowded() -> bool {
    let now = Instant::now();
    let arrived = f64::from(ARRIVED.swap(0, Ordering::Relaxed));
    let mut known = lock(&TRAFFIC);
    let traffic = known.get_or_insert(Traffic { arrivals: 0.0, at: now });
    let faded = (now - traffic.at).div_duration_f64(WINDOW);
    traffic.arrivals = traffic.arrivals * (-faded).exp() + arrived;
    traffic.at = now;
    traffic.arrivals > CROWD
}
