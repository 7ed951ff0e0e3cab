//! Lets libuv, Node's event loop, watch a descriptor. All of the addon's `unsafe` other than conversions is
//! here.
//!
//! Node's program exports libuv's functions to addons. They are looked up on first use and not when the addon
//! is loaded: another program that runs this addon need not have them.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::OnceLock;

use libloading::os::unix::Library;
use napi::bindgen_prelude::{FromNapiValue, FunctionRef, JsValuesTupleIntoVec};
use napi::{Env, JsValue, Result, Status, check_status, sys};

type Loop = *mut sys::uv_loop_s;
type Handle = *mut c_void;

/// `UV_POLL` of `uv_handle_type`, and `UV_READABLE`: part of libuv's stable interface (uv.h).
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

/// The functions that are needed.
struct Uv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_set_data: unsafe extern "C" fn(Handle, *mut c_void),
    handle_get_data: unsafe extern "C" fn(Handle) -> *mut c_void,
    unref: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, unsafe extern "C" fn(Handle)),
    poll_init: unsafe extern "C" fn(Loop, Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Handle, c_int, unsafe extern "C" fn(Handle, c_int, c_int)) -> c_int,
    poll_stop: unsafe extern "C" fn(Handle) -> c_int,
}

impl Uv {
    /// `None` if the program exports no libuv.
    fn get() -> Option<&'static Self> {
        static UV: OnceLock<Option<Uv>> = OnceLock::new();
        UV.get_or_init(Self::look_up).as_ref()
    }

    fn look_up() -> Option<Self> {
        let program = Library::this();
        // SAFETY: in Node, as the caller of `LoopWatch::new` promises, each symbol that exists is the
        // function of that name in libuv 1, whose signatures do not change. The program is never unloaded.
        unsafe {
            Some(Self {
                handle_size: *program.get(b"uv_handle_size").ok()?,
                handle_set_data: *program.get(b"uv_handle_set_data").ok()?,
                handle_get_data: *program.get(b"uv_handle_get_data").ok()?,
                unref: *program.get(b"uv_unref").ok()?,
                close: *program.get(b"uv_close").ok()?,
                poll_init: *program.get(b"uv_poll_init").ok()?,
                poll_start: *program.get(b"uv_poll_start").ok()?,
                poll_stop: *program.get(b"uv_poll_stop").ok()?,
            })
        }
    }
}

/// A descriptor that the event loop of one environment watches, until this is dropped or the environment
/// ends. It does not keep the loop running. For the environment's thread only.
pub struct LoopWatch(Rc<Watch>);

struct Watch {
    uv: &'static Uv,
    env: sys::napi_env,
    /// A `uv_poll_t`, until libuv is done with it.
    handle: Handle,
    layout: Layout,
    is_watching: Cell<bool>,
    /// `None` once the handle is being closed.
    on_readable: RefCell<Option<Rc<OnReadable>>>,
    /// Makes the environment's end wait for the handle's.
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
}

/// Returns whether to keep watching.
type OnReadable = dyn Fn(&Env) -> bool;

impl LoopWatch {
    /// Calls `on_readable` in turns of the loop in which `descriptor` is readable, until it returns false;
    /// then not before [`resume`](Self::resume). The descriptor must stay open as long as `on_readable`
    /// lives.
    ///
    /// The program must be Node ([`is_node`](super::node::is_node)): others export functions of these names
    /// that are not libuv's.
    ///
    /// # Errors
    /// If the program has no libuv, or libuv cannot watch the descriptor.
    pub fn new(env: &Env, descriptor: BorrowedFd<'_>, on_readable: Rc<OnReadable>) -> Result<Self> {
        let uv = Uv::get().ok_or_else(|| failure("no libuv"))?;
        let event_loop = env.get_uv_event_loop()?;
        // SAFETY: a valid type of handle.
        let size = unsafe { (uv.handle_size)(UV_POLL) };
        let layout =
            Layout::from_size_align(size, align_of::<u128>()).map_err(|error| failure(&error.to_string()))?;
        // SAFETY: a poll handle is larger than nothing.
        let handle = unsafe { alloc(layout) }.cast::<c_void>();
        if handle.is_null() {
            return Err(failure("no memory"));
        }
        // SAFETY: a live loop, in its own thread; a handle of the size that libuv asks for.
        if unsafe { (uv.poll_init)(event_loop, handle, descriptor.as_raw_fd()) } != 0 {
            // SAFETY: allocated above with this layout; libuv keeps nothing that it could not initialise.
            unsafe { dealloc(handle.cast(), layout) };
            return Err(failure("the descriptor cannot be watched"));
        }
        let watch = Rc::new(Watch {
            uv,
            env: env.raw(),
            handle,
            layout,
            is_watching: Cell::new(false),
            on_readable: RefCell::new(Some(on_readable)),
            hook: Cell::new(null_mut()),
        });
        // SAFETY: an initialised handle. It holds a reference to what it points to, until `closed`.
        unsafe {
            (uv.handle_set_data)(handle, Rc::into_raw(Rc::clone(&watch)).cast_mut().cast());
            (uv.unref)(handle);
        }
        let this = Self(watch);
        let mut hook = null_mut();
        // SAFETY: the environment of this thread. The argument is alive until `closed`, which removes the
        // hook.
        let status = unsafe {
            sys::napi_add_async_cleanup_hook(env.raw(), Some(environment_ends), handle, &raw mut hook)
        };
        check_status!(status)?;
        this.0.hook.set(hook);
        this.resume()?;
        Ok(this)
    }

    /// Whether the loop is watching.
    pub fn is_watching(&self) -> bool {
        self.0.is_watching.get()
    }

    /// Watches again.
    ///
    /// # Errors
    /// If libuv cannot. Nothing is watched then.
    pub fn resume(&self) -> Result<()> {
        if !self.0.is_open() || self.0.is_watching.get() {
            return Ok(());
        }
        // SAFETY: a handle that is not being closed, in the thread of its loop.
        if unsafe { (self.0.uv.poll_start)(self.0.handle, UV_READABLE, readable) } != 0 {
            return Err(failure("the descriptor cannot be watched any more"));
        }
        self.0.is_watching.set(true);
        Ok(())
    }
}

impl Drop for LoopWatch {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Watch {
    fn is_open(&self) -> bool {
        self.on_readable.borrow().is_some()
    }

    fn pause(&self) {
        if self.is_open() && self.is_watching.replace(false) {
            // SAFETY: a handle that is not being closed, in the thread of its loop.
            unsafe { (self.uv.poll_stop)(self.handle) };
        }
    }

    fn close(&self) {
        // Whatever keeps the descriptor open is dropped after the handle.
        let on_readable = self.on_readable.take();
        if on_readable.is_some() {
            // SAFETY: an initialised handle, closed this once, in the thread of its loop.
            unsafe { (self.uv.close)(self.handle, closed) };
        }
    }
}

/// The watch of a handle that has not been closed.
///
/// # Safety
/// The handle was made by [`LoopWatch::new`].
unsafe fn watch_of(handle: Handle) -> *const Watch {
    // Already looked up to make the handle.
    let Some(uv) = Uv::get() else { return std::ptr::null() };
    // SAFETY: the caller's promise.
    unsafe { (uv.handle_get_data)(handle) }.cast_const().cast()
}

unsafe extern "C" fn readable(handle: Handle, _status: c_int, _events: c_int) {
    // SAFETY: the handle keeps what it points to until `closed`.
    let Some(watch) = (unsafe { watch_of(handle).as_ref() }) else { return };
    // A copy: the call may close the handle.
    let Some(on_readable) = watch.on_readable.borrow().clone() else { return };
    let env = Env::from_raw(watch.env);
    // The panic hook has reported it; it must not unwind through libuv's frames.
    let goes_on = catch_unwind(AssertUnwindSafe(|| on_readable(&env))).unwrap_or(true);
    if !goes_on {
        watch.pause();
    }
}

unsafe extern "C" fn environment_ends(_hook: sys::napi_async_cleanup_hook_handle, handle: *mut c_void) {
    // SAFETY: the hook is removed when the handle is closed, so the handle is still there.
    if let Some(watch) = unsafe { watch_of(handle).as_ref() } {
        watch.close();
    }
}

unsafe extern "C" fn closed(handle: Handle) {
    // SAFETY: the handle's reference from `new`, returned here, once.
    let watch = unsafe { Rc::from_raw(watch_of(handle)) };
    // SAFETY: libuv is done with it; allocated with this layout. A hook is removed once.
    unsafe {
        dealloc(handle.cast(), watch.layout);
        if !watch.hook.get().is_null() {
            sys::napi_remove_async_cleanup_hook(watch.hook.get());
        }
    }
}

/// Calls a function in a turn of the loop; its promise jobs and ticks run afterwards. `None`: it threw, which
/// ends the program as from any callback, unless the program chooses to continue.
pub fn call_from_loop<Args: JsValuesTupleIntoVec, Return: FromNapiValue>(
    env: &Env,
    function: &FunctionRef<Args, Return>,
    args: Args,
) -> Result<Option<Return>> {
    let raw = env.raw();
    let mut scope = null_mut();
    // SAFETY: the environment of this thread, here and below; the scope is closed at the end.
    check_status!(unsafe { sys::napi_open_handle_scope(raw, &raw mut scope) })?;
    let called = call_in_scope(env, function, args);
    // SAFETY: opened above, and no value from inside is used any more.
    unsafe { sys::napi_close_handle_scope(raw, scope) };
    called
}

fn call_in_scope<Args: JsValuesTupleIntoVec, Return: FromNapiValue>(
    env: &Env,
    function: &FunctionRef<Args, Return>,
    args: Args,
) -> Result<Option<Return>> {
    let raw = env.raw();
    let function = function.borrow_back(env)?.raw();
    let args = args.into_vec(raw)?;
    let (context, mut result) = (null_mut(), null_mut());
    // SAFETY: the environment of this thread, with a scope open for these values. Any object works as `this`.
    let status = unsafe {
        sys::napi_make_callback(raw, context, function, function, args.len(), args.as_ptr(), &raw mut result)
    };
    if status == sys::Status::napi_pending_exception {
        let mut thrown = null_mut();
        // SAFETY: as above; there is an exception.
        unsafe {
            check_status!(sys::napi_get_and_clear_last_exception(raw, &raw mut thrown))?;
            check_status!(sys::napi_fatal_exception(raw, thrown))?;
        }
        return Ok(None);
    }
    check_status!(status)?;
    // SAFETY: a value that the call has returned.
    unsafe { Return::from_napi_value(raw, result) }.map(Some)
}

fn failure(why: &str) -> napi::Error {
    napi::Error::new(Status::GenericFailure, why.to_owned())
}
