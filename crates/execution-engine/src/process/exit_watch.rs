//! Learns that a process has ended, without a signal handler and without reaping it.
//!
//! Linux: a pidfd becomes readable. macOS and the BSDs: a kqueue reports `NOTE_EXIT`. Wherever that
//! fails (seccomp, old kernels, no descriptors left), a small thread waits with `waitid(WNOWAIT)`.
//! SIGCHLD is of no use to a library: inside Node, libuv resets its handler whenever it likes.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;

use super::sys;

#[derive(Debug)]
pub(super) enum ExitWatch {
    Descriptor(AsyncFd<OwnedFd>),
    Thread(oneshot::Receiver<()>),
    /// Seen before; asking again answers at once.
    Ended,
}

impl ExitWatch {
    /// Needs a runtime.
    pub(super) fn new(pid: Pid) -> Self {
        match descriptor(pid).and_then(sys::async_fd) {
            Ok(fd) => Self::Descriptor(fd),
            Err(error) => {
                tracing::debug!(%error, "no descriptor tells of a process's end here; a thread waits");
                Self::thread(pid)
            }
        }
    }

    fn thread(pid: Pid) -> Self {
        let (sender, ended) = oneshot::channel();
        let wait = move || {
            wait_without_reaping(pid);
            let _ = sender.send(());
        };
        let thread = std::thread::Builder::new().name("execution-wait".to_owned()).stack_size(64 * 1024);
        match thread.spawn(wait) {
            Ok(_) => Self::Thread(ended),
            Err(error) => {
                // The end would never be seen: as good as over, and the tree is killed for it.
                tracing::error!(%error, "no thread to wait for a process");
                Self::Ended
            }
        }
    }

    /// Resolves when the process has ended. Cancel-safe.
    pub(super) async fn exited(&mut self) {
        match self {
            Self::Descriptor(fd) => drop(fd.readable().await),
            Self::Thread(ended) => drop(ended.await),
            Self::Ended => return,
        }
        *self = Self::Ended;
    }
}

/// Blocks until the process has ended, and leaves it as a zombie.
pub(super) fn wait_without_reaping(pid: Pid) {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            // macOS reports stopped children here too (dotnet/runtime#133930).
            Ok(Some(status)) if status.stopped() => std::thread::sleep(std::time::Duration::from_millis(10)),
            // ECHILD: somebody else reaped it, so it has ended.
            _ => return,
        }
    }
}

#[cfg(target_os = "linux")]
fn descriptor(pid: Pid) -> std::io::Result<OwnedFd> {
    // Close-on-exec by itself. Not raced: the pid is ours until it is reaped.
    Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
}

#[cfg(not(target_os = "linux"))]
fn descriptor(_: Pid) -> std::io::Result<OwnedFd> {
    Err(std::io::ErrorKind::Unsupported.into())
}
