//! The host's ends of a child's pipes: watched by the runtime, never blocking.

use std::fs::File;
use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Sender;

use crate::host_loop::{Reactor, Watched};
use crate::os_readiness::watch_readable;

/// Capacity in bytes of a pipe whose child writes much.
#[cfg(target_os = "linux")]
const WIDE: usize = 256 * 1024;
/// Pipes that may be enlarged at once. All pipes of a user share a limit (`pipe-user-pages-soft`, 64 MiB by
/// default); above it, every new pipe of that user is a small one.
#[cfg(target_os = "linux")]
const MAX_WIDE: usize = 64;
#[cfg(target_os = "linux")]
static WIDENED: AtomicUsize = AtomicUsize::new(0);

/// The reading end of the child's stdout or stderr.
#[derive(Debug)]
pub(crate) struct PipeReader {
    pipe: Arc<OwnedFd>,
    source: Source,
    #[cfg(target_os = "linux")]
    is_wide: AtomicBool,
}

/// What reports that there is something to read.
#[derive(Debug)]
enum Source {
    Runtime(AsyncFd<Arc<OwnedFd>>),
    Host(Watched),
}

impl PipeReader {
    pub(in crate::process) fn new(end: PipeEnd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&end, true)?;
        let pipe = Arc::new(end);
        Ok(Self {
            source: Source::Runtime(watch_readable(Arc::clone(&pipe))?),
            pipe,
            #[cfg(target_os = "linux")]
            is_wide: AtomicBool::new(false),
        })
    }

    /// Lets the child write more before it has to wait: a busy child and its reader switch less often.
    #[cfg(target_os = "linux")]
    fn widen(&self) {
        if self.is_wide.swap(true, Ordering::Relaxed) {
            return;
        }
        if WIDENED.fetch_add(1, Ordering::Relaxed) < MAX_WIDE {
            // Best effort: F_SETPIPE_SZ may be refused.
            let _ = rustix::pipe::fcntl_setpipe_size(&self.pipe, WIDE);
        }
    }

    /// From now on, a host's loop watches the pipe instead of the runtime. Best effort: on an error nothing
    /// changes.
    pub(crate) fn enter(&mut self, reactor: &Arc<Reactor>) {
        if let Ok(watched) = reactor.watch(&self.pipe) {
            self.source = Source::Host(watched);
        }
    }

    /// From now on, the runtime of the calling task watches the pipe. Best effort: on an error nothing
    /// changes.
    pub(crate) fn leave(&mut self) {
        if self.is_in_host()
            && let Ok(watched) = watch_readable(Arc::clone(&self.pipe))
        {
            self.source = Source::Runtime(watched);
        }
    }

    /// Whether a host's loop watches the pipe.
    pub(crate) fn is_in_host(&self) -> bool {
        !matches!(self.source, Source::Runtime(_))
    }

    /// Whether there are bytes or the end of file; wakes the one task that polls.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        match &self.source {
            // The read returns the error again, with its reason.
            Source::Runtime(runtime) => runtime.poll_read_ready(context).map(drop),
            Source::Host(watched) => watched.poll_readable(context),
        }
    }

    /// Reads what is there: `Ok(0)` is the end of file, `WouldBlock` means nothing yet.
    ///
    /// A short read has emptied the pipe, so the runtime waits for the next event instead of reading in vain,
    /// as tokio's own streams do. A long read usually has emptied it too: a pipe holds whole pages, so hardly
    /// any read fills the buffer to its last byte. But its writer is producing more, and sleeping until it
    /// wakes us costs far more than a read in vain.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let much = buffer.len() / 2;
        let mut little = None;
        let mut read = || match self.read_now(buffer)? {
            count if count == 0 || count >= much => Ok(count),
            count => {
                little = Some(count);
                Err(io::ErrorKind::WouldBlock.into())
            }
        };
        let read = match &self.source {
            Source::Runtime(runtime) => runtime.try_io(Interest::READABLE, |_| read()),
            Source::Host(watched) => watched.try_read(read),
        };
        #[cfg(target_os = "linux")]
        if read.as_ref().is_ok_and(|count| *count > 0) {
            self.widen();
        }
        little.map_or(read, Ok)
    }

    /// Reads what is there, even if the runtime has seen no event for it.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.pipe, buffer)?)
    }

    /// Whether the pipe is empty now; it may have ended.
    pub(crate) fn is_empty(&self) -> bool {
        rustix::io::ioctl_fionread(&self.pipe).is_ok_and(|count| count == 0)
    }

    /// How many bytes the pipe itself can hold, and so the most that a drain after the exit may find.
    #[cfg_attr(not(target_os = "linux"), expect(clippy::unused_self, reason = "Linux is asked"))]
    pub(crate) fn capacity(&self) -> usize {
        const USUAL: usize = 64 * 1024;
        #[cfg(target_os = "linux")]
        return rustix::pipe::fcntl_getpipe_size(&self.pipe).unwrap_or(USUAL);
        #[cfg(not(target_os = "linux"))]
        USUAL
    }
}

#[cfg(target_os = "linux")]
impl Drop for PipeReader {
    fn drop(&mut self) {
        if *self.is_wide.get_mut() {
            WIDENED.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The writing end of the child's stdin. A child that does not read causes `BrokenPipe`, provided that the
/// host ignores SIGPIPE, as Node and every Rust program do.
pub(crate) type PipeWriter = Sender;

/// Registers the host's end of the child's stdin with the runtime of the calling task.
pub(in crate::process) fn pipe_writer(end: PipeEnd) -> io::Result<PipeWriter> {
    Sender::from_owned_fd(end)
}

/// The host's end of a pipe that is not registered with a runtime yet.
pub(in crate::process) type PipeEnd = OwnedFd;

/// The child's end of a pipe, or what it has instead. Close-on-exec.
pub(in crate::process) type ChildEnd = OwnedFd;

/// A pipe for the child's output: the host's end, and the child's.
pub(in crate::process) fn output_pipe() -> io::Result<(PipeEnd, ChildEnd)> {
    let (reader, writer) = pipe()?;
    Ok((reader.into(), writer.into()))
}

/// A pipe for the child's input: the host's end, and the child's.
pub(in crate::process) fn input_pipe() -> io::Result<(PipeEnd, ChildEnd)> {
    let (reader, writer) = pipe()?;
    Ok((writer.into(), reader.into()))
}

/// An input that is at its end.
pub(in crate::process) fn no_input() -> io::Result<ChildEnd> {
    File::open("/dev/null").map(OwnedFd::from)
}
