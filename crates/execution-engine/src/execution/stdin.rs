//! Feeds the child's standard input.

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::process::{PipeWriter, StdinMode};
use crate::registry::StdinMessage;
use crate::request::Stdin;

/// Writes that may be queued.
const PENDING_WRITES: usize = 1;

/// Where the child's standard input comes from.
#[derive(Default)]
pub(crate) enum StdinSource {
    #[default]
    Null,
    Bytes(Vec<u8>),
    Messages(mpsc::Receiver<StdinMessage>),
}

impl StdinSource {
    /// The sender for the caller's writes, if the request has a pipe.
    pub(crate) fn new(stdin: Stdin) -> (Self, Option<mpsc::Sender<StdinMessage>>) {
        match stdin {
            Stdin::Null => (Self::Null, None),
            Stdin::Text(text) => (Self::Bytes(text.into_bytes()), None),
            Stdin::Bytes(bytes) => (Self::Bytes(bytes), None),
            Stdin::Pipe => {
                let (sender, messages) = mpsc::channel(PENDING_WRITES);
                (Self::Messages(messages), Some(sender))
            }
        }
    }

    pub(crate) fn mode(&self) -> StdinMode {
        match self {
            Self::Null => StdinMode::Null,
            Self::Bytes(_) | Self::Messages(_) => StdinMode::Pipe,
        }
    }

    /// Starts writing to the child.
    pub(crate) fn feed(self, pipe: PipeWriter) -> Option<Feeder> {
        match self {
            Self::Null => None,
            Self::Bytes(bytes) => Some(feed_bytes(pipe, bytes)),
            Self::Messages(messages) => Some(feed_messages(pipe, messages)),
        }
    }
}

/// The feeding task. It ends with the execution, even while a write is blocked.
pub(crate) struct Feeder(JoinHandle<()>);

impl Drop for Feeder {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Writes `bytes`, then closes. A child that does not read them all is not an error (EPIPE).
fn feed_bytes(mut pipe: PipeWriter, bytes: Vec<u8>) -> Feeder {
    let feed = async move {
        if let Err(error) = pipe.write_all(&bytes).await {
            tracing::debug!(%error, "the child did not read all of its standard input");
        }
    };
    Feeder(tokio::spawn(feed.in_current_span()))
}

/// Writes what arrives until a close arrives. Once the child has closed its end, writes are accepted and
/// dropped.
fn feed_messages(pipe: PipeWriter, mut messages: mpsc::Receiver<StdinMessage>) -> Feeder {
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
                    // The writer may be gone already.
                    let _ = written.send(());
                }
            }
        }
    };
    Feeder(tokio::spawn(feed.in_current_span()))
}
