//! The host's ends of a child's pipes: watched by the runtime, never blocking.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use tokio::net::unix::pipe;

/// The reading end of the child's stdout or stderr.
#[derive(Debug)]
pub(crate) struct PipeReader(pipe::Receiver);

impl PipeReader {
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        pipe::Receiver::from_owned_fd(end).map(Self)
    }

    /// Waits for bytes or the end of file. Cancel-safe.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads what is there: `Ok(0)` is the end of file, `WouldBlock` nothing yet.
    ///
    /// A read that does not fill the buffer has emptied the pipe: told so, the runtime waits for the next
    /// event, and no read is spent on finding nothing (as tokio's own streams do it).
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut last = None;
        let read = self.0.try_io(|| match self.read_now(buffer)? {
            count if count == 0 || count == buffer.len() => Ok(count),
            count => {
                last = Some(count);
                Err(io::ErrorKind::WouldBlock.into())
            }
        });
        last.map_or(read, Ok)
    }

    /// Reads what is there, also what the runtime was not told of yet.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.0, buffer)?)
    }

    /// How many bytes the pipe itself can hold: what one drain after the exit may find.
    pub(crate) fn capacity(&self) -> usize {
        const USUAL: usize = 64 * 1024;
        #[cfg(target_os = "linux")]
        return rustix::pipe::fcntl_getpipe_size(&self.0).unwrap_or(USUAL);
        #[cfg(not(target_os = "linux"))]
        USUAL
    }
}

/// The writing end of the child's stdin. A child that does not read gives `BrokenPipe`, provided that the
/// host ignores SIGPIPE, as Node and every Rust program do.
#[derive(Debug)]
pub(crate) struct PipeWriter(pipe::Sender);

impl PipeWriter {
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        pipe::Sender::from_owned_fd(end).map(Self)
    }
}

impl AsyncWrite for PipeWriter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
