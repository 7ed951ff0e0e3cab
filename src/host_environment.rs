//! The environment that children inherit: `process.env` of the JavaScript thread that calls.
//!
//! It is taken in that thread, during the call. In Node's main thread it is the process's own, which nothing
//! else changes, so it is read directly. Elsewhere (a worker thread has its own; Bun's and Deno's is not the
//! process's) JavaScript reads it and passes it on. `lib/binding/environment.ts` decides.

use execution_engine::HostEnvironment;
use napi_derive::napi;

/// An environment that JavaScript has read. It is passed along with each call until it changes.
#[napi]
pub struct NativeEnvironment(HostEnvironment);

#[napi]
impl NativeEnvironment {
    /// Takes names and values in turn.
    #[napi(constructor, catch_unwind)]
    #[must_use]
    pub fn new(variables: Vec<String>) -> Self {
        let mut variables = variables.into_iter();
        let pairs = std::iter::from_fn(|| Some((variables.next()?, variables.next()?)));
        Self(HostEnvironment::new(pairs))
    }
}

/// What JavaScript passed, else the process's own, in a thread that may read it.
pub fn host_environment(passed: Option<&NativeEnvironment>) -> HostEnvironment {
    passed.map_or_else(of_process, |passed| passed.0.clone())
}

#[cfg(target_os = "linux")]
fn of_process() -> HostEnvironment {
    use std::cell::RefCell;

    use crate::os_environ::is_same;

    thread_local! {
        static LAST: RefCell<HostEnvironment> = RefCell::default();
    }
    LAST.with_borrow_mut(|last| {
        // SAFETY: this is the thread that changes it, and it is here.
        if !unsafe { is_same(last.variables()) } {
            *last = HostEnvironment::of_process();
        }
        last.clone()
    })
}

#[cfg(not(target_os = "linux"))]
fn of_process() -> HostEnvironment {
    HostEnvironment::of_process()
}
