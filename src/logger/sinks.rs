//! Which environments listen, and from which level on.

use std::sync::{Arc, Mutex, Weak};

use tracing::Level;
use tracing::callsite::rebuild_interest_cache;
use tracing::level_filters::LevelFilter;

use super::sink::Sink;
use crate::sync::lock;

static SINKS: Mutex<Vec<Listening>> = Mutex::new(Vec::new());
/// The most verbose of their levels. Read while `SINKS` is locked.
static MAX_LEVEL: Mutex<LevelFilter> = Mutex::new(LevelFilter::OFF);
/// Which of them writes to standard error.
static STDERR: Mutex<Weak<Sink>> = Mutex::new(Weak::new());

struct Listening {
    level: LevelFilter,
    sink: Arc<Sink>,
}

/// The level up to which events become entries.
pub fn max_level() -> LevelFilter {
    *lock(&MAX_LEVEL)
}

/// From now on, a sink receives entries that are at least as severe as `level`.
pub fn set_level(sink: &Arc<Sink>, level: LevelFilter) {
    let mut sinks = lock(&SINKS);
    sinks.retain(|other| !Arc::ptr_eq(&other.sink, sink));
    if level == LevelFilter::OFF {
        sink.clear();
    } else {
        sinks.push(Listening { level, sink: Arc::clone(sink) });
    }
    let max = sinks.iter().map(|listening| listening.level).max().unwrap_or(LevelFilter::OFF);
    *lock(&MAX_LEVEL) = max;
    // Under the lock, so that the later of two concurrent changes wins.
    rebuild_interest_cache();
}

/// Passes an entry to each sink whose level it reaches. Created only if there is one.
pub fn dispatch(level: Level, make: impl FnOnce() -> Arc<str>) {
    let sinks = lock(&SINKS);
    let mut reached = sinks.iter().filter(|listening| level <= listening.level).peekable();
    if reached.peek().is_some() {
        let entry = make();
        reached.for_each(|listening| listening.sink.push(&entry));
    }
}

/// True for the first sink that asks, and after its end for the next one.
pub fn claim_stderr(sink: &Arc<Sink>) -> bool {
    let mut owner = lock(&STDERR);
    let is_free = owner.strong_count() == 0;
    if is_free {
        *owner = Arc::downgrade(sink);
    }
    is_free
}
