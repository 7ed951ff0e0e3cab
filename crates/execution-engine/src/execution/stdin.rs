//! Feeds the child's standard input.

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::process::PipeWriter;
use crate::registry::StdinMessage;

/// The feeding task; ends with the execution, also while a write is blocked.
pub(crate) struct Feeder(JoinHandle<()>);

impl Drop for Feeder {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Writes `bytes`, then closes. A child that does not read them all is no error (EPIPE).
pub(crate) fn feed_bytes(mut pipe: PipeWriter, bytes: Vec<u8>) -> Feeder {
    let feed = async move {
        if let Err(error) = pipe.write_all(&bytes).await {
            tracing::debug!(%error, "the child did not read all of its standard input");
        }
    };
    Feeder(tokio::spawn(feed.in_current_span()))
}

/// Writes what arrives until it is told to close. After the child has closed its end, writes are
/// accepted and dropped, as the child would have done.
pub(crate) fn feed_messages(pipe: PipeWriter, mut messages: mpsc::Receiver<StdinMessage>) -> Feeder {
    let feed = async move {
        let mut pipe = Some(pipe);
        while let Some(message) = messages.recv().await {
            match message {
                StdinMessage::Close => pipe = None,
                StdinMessage::Write(bytes, written) => {
                    if let Some(open) = pipe.as_mut()
                        && let Err(error) = open.write_all(&bytes).await
                    {
                        tracing::debug!(%error, "the child closed its standard input");
                        pipe = None;
                    }
                    // Nobody listens any more: that is theirs to decide.
                    let _ = written.send(());
                }
            }
        }
    };
    Feeder(tokio::spawn(feed.in_current_span()))
}
