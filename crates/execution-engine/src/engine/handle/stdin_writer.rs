//! [`StdinWriter`]: the writing end of an execution's standard input.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::registry::StdinMessage;

/// Bytes that one write takes at most: as much as a pipe holds.
const MAX_WRITE: usize = 64 * 1024;

/// Writes to the child's standard input, no faster than the child reads. Dropping it closes the input.
///
/// Bytes that a child no longer reads are dropped without an error: many programs end once they have read
/// enough (`head`). Use it with [`tokio::io::AsyncWriteExt`].
pub struct StdinWriter {
    messages: Option<mpsc::Sender<StdinMessage>>,
    /// A write that the pipe has not taken yet; one at a time.
    pending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The engine's: the writer may be dropped where none is current.
    runtime: Handle,
}

impl StdinWriter {
    pub(super) fn new(messages: mpsc::Sender<StdinMessage>, runtime: Handle) -> Self {
        Self { messages: Some(messages), pending: None, runtime }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pending) = &mut self.pending {
            ready!(pending.as_mut().poll(cx));
            self.pending = None;
        }
        Poll::Ready(())
    }
}

impl AsyncWrite for StdinWriter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(cx));
        let Some(messages) = self.messages.clone() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let bytes = &bytes[..bytes.len().min(MAX_WRITE)];
        let (written, is_written) = oneshot::channel();
        let message = StdinMessage::Write(bytes.to_vec(), written);
        self.pending = Some(Box::pin(async move {
            // Either error means that the execution has ended.
            let _ = messages.send(message).await;
            let _ = is_written.await;
        }));
        let len = bytes.len();
        // Sent immediately: not every caller flushes before it waits for an answer.
        let _ = self.poll_pending(cx);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_pending(cx).map(Ok)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx));
        if let Some(messages) = self.messages.take() {
            self.pending = Some(Box::pin(async move { drop(messages.send(StdinMessage::Close).await) }));
            ready!(self.poll_pending(cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for StdinWriter {
    fn drop(&mut self) {
        let (pending, messages) = (self.pending.take(), self.messages.take());
        if pending.is_none() && messages.is_none() {
            return;
        }
        self.runtime.spawn(async move {
            // A write, or a shutdown that was given up half way.
            if let Some(pending) = pending {
                pending.await;
            }
            if let Some(messages) = messages {
                let _ = messages.send(StdinMessage::Close).await;
            }
        });
    }
}

impl std::fmt::Debug for StdinWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StdinWriter").field("is_open", &self.messages.is_some()).finish_non_exhaustive()
    }
}
