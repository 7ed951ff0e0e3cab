//! [`BridgeHandler`]: what a binding to another language needs besides, so that lines cross cheaply.

use uuid::Uuid;

use super::handler::{EventHandler, HandlerFuture};
use super::line_batch::LineBatch;

/// An [`EventHandler`] that shares a bounded way with others, or takes lines without waiting; it returns
/// itself from
/// [`EventHandler::bridge`]. No promise is made about it: it changes with the bindings of this project.
#[doc(hidden)]
pub trait BridgeHandler: EventHandler {
    /// Whether this handler wants lines now. Asked at every read; while it does not, nothing is cut,
    /// decoded or gathered for it.
    fn wants_lines(&self) -> bool {
        true
    }

    /// Sets room aside for output of this execution that is about to be read, up to 128 KiB of it, if there
    /// is room now; true as well where that is not this handler's way, which it is by default. What was set
    /// aside is for the next call of this handler for the execution, whichever it is: of
    /// [`try_handle_lines`](Self::try_handle_lines), as a rule.
    ///
    /// For handlers that share a bounded way (a border, a socket): where many children write at once, their
    /// output waits in their pipes and not, read but not handed over, in memory. Not asked while an earlier
    /// call is under way, nor for what a child has left when it has ended and there was no room for 200 ms.
    /// Must not block the thread.
    fn try_reserve(&self, _execution_id: Uuid) -> bool {
        true
    }

    /// Resolves when room was set aside, after [`try_reserve`](Self::try_reserve) found none. Dropped before,
    /// it has set nothing aside. (tokio's `mpsc::Sender` has the same two.)
    fn reserve(&self, _execution_id: Uuid) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    /// Takes what a read brought at once, where that needs no waiting: no future, no allocation. It may take
    /// the text out of the batch, or leave another in its place, whose memory is used for what comes next.
    /// There may be no line in it. Must not block the thread. False, which it is by default: the batch is as
    /// it was, and
    /// [`handle_lines`](Self::handle_lines) gets it.
    fn try_handle_lines(&self, _batch: &mut LineBatch) -> bool {
        false
    }
}
