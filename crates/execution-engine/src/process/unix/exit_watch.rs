//! Learns that a child has ended, without reaping it and without SIGCHLD.
//!
//! Uses a pidfd (Linux) or a kqueue (macOS, BSD) that the runtime polls, or a thread in `waitid` if those are
//! unavailable: an old kernel, a seccomp filter, no descriptor left.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use crate::os_readiness::watch_readable;
use crate::thread::thread;

#[derive(Debug)]
pub(in crate::process) struct ExitWatch {
    pid: Pid,
    ended: bool,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Polled(AsyncFd<Arc<OwnedFd>>),
    Thread(watch::Receiver<bool>),
}

impl ExitWatch {
    /// Requires a runtime. `pid` is a child that has not been reaped.
    pub(super) fn new(pid: u32) -> io::Result<Self> {
        match Self::polled(pid) {
            Ok(watch) => Ok(watch),
            Err(error) => {
                tracing::debug!(pid, %error, "waiting for the exit in a thread");
                Self::by_thread(pid)
            }
        }
    }

    fn polled(pid: u32) -> io::Result<Self> {
        let pid = as_pid(pid)?;
        let source = watch_readable(Arc::new(exit_descriptor(pid)?))?;
        Ok(Self { pid, ended: false, source: Source::Polled(source) })
    }

    pub(super) fn by_thread(pid: u32) -> io::Result<Self> {
        let pid = as_pid(pid)?;
        let (sender, receiver) = watch::channel(false);
        thread("exec-exit-watch").stack_size(128 * 1024).spawn(move || {
            wait_for_end(pid);
            sender.send_replace(true);
        })?;
        Ok(Self { pid, ended: false, source: Source::Thread(receiver) })
    }

    /// Whether [`ended`](Self::ended) has resolved.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Resolves when the child has ended, and immediately from then on. Cancel-safe.
    pub(super) async fn ended(&mut self) {
        if self.ended {
            return;
        }
        match &mut self.source {
            Source::Polled(descriptor) => loop {
                match descriptor.readable().await {
                    Ok(mut ready) => {
                        // NOTE_EXIT may arrive a moment before `waitid` agrees.
                        if cfg!(not(target_os = "linux")) || has_ended(self.pid) {
                            break;
                        }
                        ready.clear_ready();
                    }
                    // The runtime is shutting down: nothing is polled any more, so no task waits long.
                    Err(_) => return std::future::pending().await,
                }
            },
            // The sender is dropped only after the child's end, so an error means the same.
            Source::Thread(receiver) => drop(receiver.wait_for(|ended| *ended).await),
        }
        self.ended = true;
    }
}

fn as_pid(pid: u32) -> io::Result<Pid> {
    Pid::from_raw(pid.cast_signed()).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Readable once the process has ended.
#[cfg(target_os = "linux")]
fn exit_descriptor(pid: Pid) -> io::Result<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    Ok(pidfd_open(pid, PidfdFlags::NONBLOCK).or_else(|_| pidfd_open(pid, PidfdFlags::empty()))?)
}

#[cfg(not(target_os = "linux"))]
use super::os_kqueue::exit_descriptor;

/// Whether the child is a zombie, or gone altogether (the host ignores SIGCHLD, or reaped it itself).
fn has_ended(pid: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match waitid(WaitId::Pid(pid), look) {
        // macOS reports a stopped child although only ended ones are requested.
        Ok(Some(status)) => status.exited() || status.killed() || status.dumped(),
        Ok(None) => false,
        Err(error) => error == Errno::CHILD,
    }
}

fn wait_for_end(pid: Pid) {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(Errno::INTR) => {}
            Ok(Some(status)) if !(status.exited() || status.killed() || status.dumped()) => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            _ => return,
        }
    }
}
