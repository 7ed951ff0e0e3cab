//! [`ShortWay`]: a few lines, read in JavaScript's own thread.
//!
//! Node's event loop is woken by the child's write itself: the engine reads there and then, and the batch is given to
//! JavaScript in the same turn. Reading may pause for a moment: what comes meanwhile collects in the pipes. (Everything
//! else takes the long way: a thread of the runtime reads, and wakes the loop.)

use std::cell::Cell;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;

use execution_engine::HostLoop;
use napi::bindgen_prelude::FunctionRef;
use napi::{Env, Result};

use super::uv::{LoopWatch, call_from_loop};
use crate::bridge::{EventBridge, NativeBatch};

/// An engine's short way to JavaScript. For its thread alone.
pub struct ShortWay {
    watch: LoopWatch,
    passage: Rc<Passage>,
}

struct Passage {
    host_loop: HostLoop,
    bridge: Arc<EventBridge>,
    on_batch: FunctionRef<NativeBatch, ()>,
    is_passing: Cell<bool>,
    /// Reading pauses until JavaScript calls `read_again`.
    rests: Cell<bool>,
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
        on_batch: FunctionRef<NativeBatch, ()>,
    ) -> Result<Self> {
        let passage = Rc::new(Passage {
            host_loop,
            bridge,
            on_batch,
            is_passing: Cell::new(false),
            rests: Cell::new(false),
        });
        let passed = Rc::clone(&passage);
        let watch =
            LoopWatch::new(env, passage.host_loop.as_fd(), Rc::new(move |env: &Env| passed.pass(env)))?;
        Ok(Self { watch, passage })
    }

    /// JavaScript is done with a batch that took the long way.
    pub fn acknowledge(&self, env: &Env) {
        if self.watch.is_watching() || self.passage.rests.get() {
            return self.passage.bridge.acknowledge();
        }
        // The loop waits for that alone; what has gathered meanwhile goes with it, and wakes nobody.
        self.passage.bridge.collect();
        self.passage.bridge.acknowledge();
        self.go_on(env);
    }

    /// JavaScript has rested.
    pub fn read_again(&self, env: &Env) {
        self.passage.rests.set(false);
        if !self.watch.is_watching() {
            self.go_on(env);
        }
    }

    fn go_on(&self, env: &Env) {
        if self.passage.pass(env) {
            self.watch.resume();
        }
    }
}

impl Passage {
    /// Reads, and gives JavaScript what there is. True when more may be read at once.
    fn pass(&self, env: &Env) -> bool {
        // JavaScript is given a batch, and has called: whoever gives it goes on.
        if self.is_passing.replace(true) {
            return false;
        }
        self.bridge.collect();
        self.host_loop.turn();
        if let Some((batch, rests)) = self.bridge.collected() {
            self.rests.set(rests);
            match call_from_loop(env, &self.on_batch, batch) {
                Ok(_) => self.bridge.acknowledge(),
                Err(_) => self.bridge.close(),
            }
        }
        self.is_passing.set(false);
        self.bridge.is_free() && !self.rests.get()
    }
}
