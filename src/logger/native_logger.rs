//! [`NativeLogger`]: one JavaScript environment's log entries.

use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Env, Function, Result};
use napi_derive::napi;
use tracing::level_filters::LevelFilter;

use super::layer;
use super::sink::Sink;
use super::sinks;

/// The log entries of every engine in the process, for one environment. None at first.
#[napi]
pub struct NativeLogger(Arc<Sink>);

#[napi]
impl NativeLogger {
    /// Calls `on_entries` when there are entries; `take` then returns them until there are none. Keeps no
    /// process alive.
    #[napi(factory, catch_unwind)]
    pub fn create(env: Env, on_entries: Function<(), ()>) -> Result<Self> {
        let sink = Sink::new(&on_entries)?;
        env.add_env_cleanup_hook(Arc::downgrade(&sink), |sink: Weak<Sink>| {
            if let Some(sink) = sink.upgrade() {
                sinks::set_level(&sink, LevelFilter::OFF);
            }
        })?;
        Ok(Self(sink))
    }

    /// From now on, passes entries that are at least this severe. Takes the names in `lib/logger.ts`.
    #[napi(catch_unwind)]
    pub fn set_level(&self, level: String) {
        let level = level.parse().unwrap_or(LevelFilter::OFF);
        if level != LevelFilter::OFF {
            layer::install();
        }
        sinks::set_level(&self.0, level);
    }

    /// The next entries, as a JSON array; `null` when there are none.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn take(&self) -> Option<String> {
        self.0.take()
    }

    /// Whether this environment writes the process's entries to standard error: the first one that asks does.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn claim_stderr(&self) -> bool {
        sinks::claim_stderr(&self.0)
    }
}
