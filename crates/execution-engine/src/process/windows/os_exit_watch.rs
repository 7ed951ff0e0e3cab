//! Learns that a process has ended from a wait in the system's thread pool, as libuv and tokio do.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::sync::Arc;

use tokio::sync::watch;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
};

type Ended = watch::Sender<bool>;

#[derive(Debug)]
pub(in crate::process) struct ExitWatch {
    wait: HANDLE,
    /// The callback's context: owned by us, freed once no callback can run any more.
    context: *mut Ended,
    receiver: watch::Receiver<bool>,
    /// Must stay open during the wait.
    _process: Arc<OwnedHandle>,
}

// SAFETY: the wait handle may be used from any thread; the context is only touched by the callback, through
// a shared reference to a type that is Sync, and freed in `drop`.
unsafe impl Send for ExitWatch {}
// SAFETY: as above; nothing is reachable through a shared reference but the receiver.
unsafe impl Sync for ExitWatch {}

impl ExitWatch {
    pub(super) fn new(process: Arc<OwnedHandle>) -> io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        let context = Box::into_raw(Box::new(sender));
        let mut wait: HANDLE = std::ptr::null_mut();
        // SAFETY: `wait` is writable, the process handle stays open as long as the wait, and the context
        // lives until the wait is unregistered.
        let done = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process.as_raw_handle(),
                Some(on_end),
                context.cast::<c_void>().cast_const(),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        };
        if done == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: made by Box::into_raw above, and no wait knows of it.
            drop(unsafe { Box::from_raw(context) });
            return Err(error);
        }
        Ok(Self { wait, context, receiver, _process: process })
    }

    pub(super) fn has_ended(&self) -> bool {
        *self.receiver.borrow()
    }

    /// Resolves when the child has ended, and immediately from then on. Cancel-safe.
    pub(super) async fn ended(&mut self) {
        // The sender is ours and lives as long as we do.
        let _ = self.receiver.wait_for(|ended| *ended).await;
    }
}

impl Drop for ExitWatch {
    fn drop(&mut self) {
        // SAFETY: registered in `new`. INVALID_HANDLE_VALUE waits for a callback that is running: it only
        // sends a value. After that nothing uses the context, which `new` has made.
        unsafe {
            UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            drop(Box::from_raw(self.context));
        }
    }
}

/// On a thread of the system's pool.
unsafe extern "system" fn on_end(context: *mut c_void, _timed_out: bool) {
    // SAFETY: the context is the boxed sender of `new`, alive until the wait is unregistered.
    let ended = unsafe { &*context.cast::<Ended>() };
    ended.send_replace(true);
}
