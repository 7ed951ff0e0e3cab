//! The host's ends of a child's pipes: watched by the runtime, never blocking.

use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Sender;

use crate::host_loop::{Reactor, Watched};
use crate::os_readiness::watch_readable;

/// Of a pipe whose child writes much, in bytes.
#[cfg(target_os = "linux")]
const WIDE: usize = 256 * 1024;
/// Pipes that may be wide at once. What a user's pipes hold together has a limit (`pipe-user-pages-soft`, 64 MiB
/// by default), beyond which every new pipe of that user, whoever makes it, is a narrow one.
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

/// Who tells that there is something to read.
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

    /// Lets the child write more before it has to wait: a loud one and its reader hand the processor to each
    /// other less often.
    #[cfg(target_os = "linux")]
    fn widen(&self) {
        if self.is_wide.swap(true, Ordering::Relaxed) {
            return;
        }
        if WIDENED.fetch_add(1, Ordering::Relaxed) < MAX_WIDE {
            // Where it may not be, it stays as it is.
            let _ = rustix::pipe::fcntl_setpipe_size(&self.pipe, WIDE);
        }
    }

    /// From now on a host's loop hears of what can be read, and not the runtime. Where that cannot be, all stays
    /// as it is.
    pub(crate) fn enter(&mut self, reactor: &Arc<Reactor>) {
        if let Ok(watched) = reactor.watch(&self.pipe) {
            self.source = Source::Host(watched);
        }
    }

    /// From now on the runtime of the calling task hears of it. Where that cannot be, all stays as it is.
    pub(crate) fn leave(&mut self) {
        if self.is_in_host()
            && let Ok(watched) = watch_readable(Arc::clone(&self.pipe))
        {
            self.source = Source::Runtime(watched);
        }
    }

    /// Whether a host's loop hears of what can be read.
    pub(crate) fn is_in_host(&self) -> bool {
        !matches!(self.source, Source::Runtime(_))
    }

    /// Whether there are bytes or the end of file; wakes the one task that asks.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        match &self.source {
            // An error shows again, with its reason, at the read.
            Source::Runtime(runtime) => runtime.poll_read_ready(context).map(drop),
            Source::Host(watched) => watched.poll_readable(context),
        }
    }

    /// Reads what is there: `Ok(0)` is the end of file, `WouldBlock` nothing yet.
    ///
    /// A read of little has emptied the pipe: told so, the runtime waits for the next event, and no read is
    /// spent on finding nothing (as tokio's own streams do it). One of much has emptied it too, more often than
    /// not (a pipe holds whole pages, so hardly any read fills the buffer to its last byte); but there the writer
    /// is at work on more, and sleeping until it wakes us costs far more than a read in vain.
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

    /// Reads what is there, also what the runtime was not told of yet.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.pipe, buffer)?)
    }

    /// Whether nothing is in the pipe now; it may have come to its end.
    pub(crate) fn is_empty(&self) -> bool {
        rustix::io::ioctl_fionread(&self.pipe).is_ok_and(|count| count == 0)
    }

    /// How many bytes the pipe itself can hold: what one drain after the exit may find.
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

/// The writing end of the child's stdin. A child that does not read gives `BrokenPipe`, provided that the
/// host ignores SIGPIPE, as Node and every Rust program do.
pub(crate) type PipeWriter = Sender;

/// Gives the host's end of the child's stdin to the runtime of the calling task.
pub(in crate::process) fn pipe_writer(end: PipeEnd) -> io::Result<PipeWriter> {
    Sender::from_owned_fd(end)
}

/// The host's end of a pipe that no runtime knows yet.
pub(in crate::process) type PipeEnd = OwnedFd;

/// A pipe for what the child writes: the host's end, and the child's.
pub(in crate::process) fn output_pipe() -> io::Result<(PipeEnd, Stdio)> {
    let (reader, writer) = pipe()?;
    Ok((reader.into(), writer.into()))
}

/// A pipe for what the child reads: the host's end, and the child's.
pub(in crate::process) fn input_pipe() -> io::Result<(PipeEnd, Stdio)> {
    let (reader, writer) = pipe()?;
    Ok((writer.into(), reader.into()))
}
