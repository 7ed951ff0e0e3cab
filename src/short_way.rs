//! [`ShortWay`]: a few lines, read in JavaScript's own thread.
//!
//! Node's event loop is woken by the child's write itself: the engine reads there and then, and the batch is given to
//! JavaScript in the same turn. Until JavaScript is done with it, nothing more is read this way: what comes meanwhile
//! gathers in the pipes. (Everything else takes the long way: a thread of the runtime reads, and wakes the loop.)

use std::cell::Cell;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;

use execution_engine::HostLoop;
use napi::bindgen_prelude::FunctionRef;
use napi::{Env, Result};

use crate::event_bridge::{EventBridge, NativeBatch};
use crate::uv::{LoopWatch, call_from_loop};

/// An engine's short way to JavaScript. For its thread alone.
pub struct ShortWay {
    watch: LoopWatch,
    passage: Rc<Passage>,
}

struct Passage {
    host_loop: HostLoop,
    bridge: Arc<EventBridge>,
    on_batch: FunctionRef<NativeBatch, bool>,
    is_passing: Cell<bool>,
}

impl ShortWay {
    /// Opens it.
    ///
    /// # Errors
    /// Where the program's event loop cannot be shared.
    pub fn new(
        env: &Env,
        host_loop: HostLoop,
        bridge: Arc<EventBridge>,
        on_batch: FunctionRef<NativeBatch, bool>,
    ) -> Result<Self> {
        let passage = Rc::new(Passage { host_loop, bridge, on_batch, is_passing: Cell::new(false) });
        let passed = Rc::clone(&passage);
        let watch =
            LoopWatch::new(env, passage.host_loop.as_fd(), Rc::new(move |env: &Env| passed.pass(env)))?;
        Ok(Self { watch, passage })
    }

    /// JavaScript is done with a batch. What has gathered meanwhile in the pipes goes next, and wakes nobody.
    pub fn acknowledge(&self, env: &Env) {
        if self.watch.is_watching() {
            return self.passage.bridge.acknowledge();
        }
        self.passage.bridge.collect();
        self.passage.bridge.acknowledge();
        if self.passage.pass(env) {
            self.watch.resume();
        }
    }
}

impl Passage {
    /// Reads, and gives JavaScript what there is. True when it is done with that already.
    fn pass(&self, env: &Env) -> bool {
        // JavaScript is done with the batch that is being given to it: whoever gives it goes on.
        if self.is_passing.replace(true) {
            return false;
        }
        self.bridge.collect();
        self.host_loop.turn();
        if let Some(batch) = self.bridge.collected() {
            match call_from_loop(env, &self.on_batch, batch) {
                // What has thrown is done, too.
                Ok(Some(true) | None) => self.bridge.acknowledge(),
                // It will say so itself.
                Ok(Some(false)) => {}
                Err(_) => self.bridge.close(),
            }
        }
        self.is_passing.set(false);
        self.bridge.is_free()
    }
}
