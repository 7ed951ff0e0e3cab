//! [`FastPath`]: reads a few lines in JavaScript's own thread.
//!
//! The child's write itself wakes Node's event loop: the engine reads immediately, and JavaScript gets the
//! batch in the same turn. Reading may pause for a moment: what arrives meanwhile collects in the pipes.
//! (Everything else is read by a thread of the runtime, which wakes the loop.)

use std::cell::Cell;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use execution_engine::HostLoop;
use napi::bindgen_prelude::FunctionRef;
use napi::{Env, Error, Result};

use super::node::is_node;
use super::uv::{LoopWatch, call_from_loop};
use crate::bridge::{EventBridge, NativeBatch};

/// An engine's fast path to JavaScript. For its thread alone.
pub struct FastPath {
    watch: LoopWatch,
    reader: Rc<Reader>,
}

struct Reader {
    host_loop: HostLoop,
    bridge: Arc<EventBridge>,
    on_batch: FunctionRef<NativeBatch, ()>,
    is_reading: Cell<bool>,
    /// Reading pauses until JavaScript calls `read_again`.
    rests: Cell<bool>,
}

impl FastPath {
    /// Opens it.
    ///
    /// # Errors
    /// If the program's event loop cannot be shared.
    pub fn new(
        env: &Env,
        host_loop: HostLoop,
        bridge: Arc<EventBridge>,
        on_batch: FunctionRef<NativeBatch, ()>,
    ) -> Result<Self> {
        if !is_node(env) {
            return Err(Error::from_reason("the event loop is not Node's"));
        }
        let reader = Rc::new(Reader {
            host_loop,
            bridge,
            on_batch,
            is_reading: Cell::new(false),
            rests: Cell::new(false),
        });
        let on_readable = Rc::clone(&reader);
        let watch =
            LoopWatch::new(env, reader.host_loop.as_fd(), Rc::new(move |env: &Env| on_readable.read(env)))?;
        Ok(Self { watch, reader })
    }

    /// JavaScript is done with a batch that a runtime thread sent.
    pub fn acknowledge(&self, env: &Env) {
        if self.watch.is_watching() || self.reader.rests.get() {
            return self.reader.bridge.acknowledge();
        }
        // The loop waits only for that. Whatever was collected meanwhile goes along and wakes no thread.
        self.reader.bridge.collect();
        self.reader.bridge.acknowledge();
        self.go_on(env);
    }

    /// The pause is over.
    pub fn read_again(&self, env: &Env) {
        self.reader.rests.set(false);
        if !self.watch.is_watching() {
            self.go_on(env);
        }
    }

    fn go_on(&self, env: &Env) {
        if self.reader.read(env) && self.watch.resume().is_err() {
            // The loop no longer watches: the runtime reads everything from now on, and the engine logs that.
            self.reader.host_loop.close();
        }
    }
}

impl Reader {
    /// Reads and passes on what there is. True if more may be read immediately.
    fn read(&self, env: &Env) -> bool {
        // JavaScript has a batch and calls from inside that call; reading continues after it.
        if self.is_reading.replace(true) {
            return false;
        }
        // The panic hook has reported it. A panic costs its own batch and nothing after it.
        if catch_unwind(AssertUnwindSafe(|| self.read_once(env))).is_err() {
            self.bridge.acknowledge();
        }
        self.is_reading.set(false);
        self.bridge.is_free() && !self.rests.get()
    }

    fn read_once(&self, env: &Env) {
        self.bridge.collect();
        self.host_loop.turn();
        let Some((batch, rests)) = self.bridge.collected() else { return };
        self.rests.set(rests);
        match call_from_loop(env, &self.on_batch, batch) {
            Ok(_) => self.bridge.acknowledge(),
            Err(_) => self.bridge.close(),
        }
    }
}
