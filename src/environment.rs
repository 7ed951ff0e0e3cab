//! Ends everything that an engine started when its JavaScript environment ends.
//!
//! An environment may end without a shutdown (`process.exit`, a worker's end). It gets one hook, however many
//! engines it has, and the hook keeps none of them alive.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use execution_engine::AbortHandle;
use napi::bindgen_prelude::{Env, Result};
use napi::sys::napi_env;

use crate::bridge::EventBridge;

/// How many engines a list holds before dropped ones are removed. It doubles, so the cost per engine is
/// constant.
const FIRST_SWEEP: usize = 32;

thread_local! {
    /// Engines by their environment. One thread may have several environments, in an embedder.
    static ENGINES: RefCell<HashMap<napi_env, Engines>> = RefCell::default();
}

#[derive(Default)]
struct Engines {
    known: Vec<Engine>,
    sweep_at: usize,
}

struct Engine {
    /// Lives as long as the engine or one of its executions.
    bridge: Weak<EventBridge>,
    abort: AbortHandle,
}

/// Stops what the engine runs when the environment ends.
pub fn end_with(env: &Env, bridge: &Arc<EventBridge>, abort: AbortHandle) -> Result<()> {
    let key = env.raw();
    let is_first = ENGINES.with_borrow_mut(|all| {
        let is_first = !all.contains_key(&key);
        all.entry(key).or_default().add(Engine { bridge: Arc::downgrade(bridge), abort });
        is_first
    });
    if is_first {
        env.add_env_cleanup_hook(key, |key| {
            let engines = ENGINES.with_borrow_mut(|all| all.remove(&key)).unwrap_or_default();
            engines.known.iter().for_each(Engine::end);
        })?;
    }
    Ok(())
}

impl Engines {
    fn add(&mut self, engine: Engine) {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|engine| engine.bridge.strong_count() > 0);
            self.sweep_at = (self.known.len() * 2).max(FIRST_SWEEP);
        }
        self.known.push(engine);
    }
}

impl Engine {
    fn end(&self) {
        if let Some(bridge) = self.bridge.upgrade() {
            bridge.close();
        }
        self.abort.abort_now();
    }
}
