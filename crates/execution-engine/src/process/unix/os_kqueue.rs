//! A kqueue that becomes readable when a process ends (macOS, BSD).

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::io::Errno;
use rustix::process::Pid;

pub(super) fn exit_descriptor(pid: Pid) -> io::Result<OwnedFd> {
    let queue = kqueue()?;
    rustix::io::fcntl_setfd(&queue, rustix::io::FdFlags::CLOEXEC)?;
    let exit = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
    let change = Event::new(exit, EventFlags::ADD | EventFlags::ONESHOT, std::ptr::null_mut());
    let mut none: [Event; 0] = [];
    // SAFETY: the only pointer in the change is null user data; no descriptor in it needs to stay open.
    match unsafe { kevent(&queue, &[change], &mut none, None) } {
        Ok(_) => Ok(queue),
        // It ended before we asked (libuv#3521): no event will come, and the thread sees the end immediately.
        Err(Errno::SRCH) => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}
