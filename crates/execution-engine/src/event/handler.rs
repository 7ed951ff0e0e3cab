//! [`EventHandler`]: who receives the events of an execution; and what a language binding needs besides.

use std::pin::Pin;

use uuid::Uuid;

use super::execution_event::ExecutionEvent;
use super::line_batch::LineBatch;

/// What an [`EventHandler`] returns: done when the event was dealt with.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Gets the events of an engine, or of one execution.
///
/// Events of one execution come one at a time, in order: the next is given when the future of the
/// last is done. Meanwhile lines gather, to a bound; then the engine stops reading and the child
/// waits (back-pressure). A slow handler never grows memory, never delays another execution, and
/// never delays a timeout or a cancel. (Handlers that share something wait for each other there, of course.)
///
/// Any `Fn(ExecutionEvent) + Send + Sync` is a handler:
///
/// ```
/// use execution_engine::{EventHandler, ExecutionEvent};
///
/// fn handler() -> impl EventHandler {
///     |event: ExecutionEvent| println!("{event:?}")
/// }
/// ```
pub trait EventHandler: Send + Sync + 'static {
    /// Deals with one event. Must not block the thread.
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_>;

    /// Deals with a batch of lines; by default line by line through [`handle`](Self::handle).
    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async move {
            for event in batch.events() {
                self.handle(event).await;
            }
        })
    }

    /// The hooks of a language binding, where this is one.
    #[doc(hidden)]
    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        None
    }
}

/// An [`EventHandler`] that shares a bounded channel with others, or takes lines without waiting. It returns
/// itself from [`EventHandler::bridge`]. Unstable: it changes with the bindings of this project.
#[doc(hidden)]
pub trait BridgeHandler: EventHandler {
    /// Whether this handler wants lines now. Asked at every read; while it does not, no line is cut,
    /// decoded or batched for it.
    fn wants_lines(&self) -> bool {
        true
    }

    /// Reserves capacity for output that is about to be read, up to 128 KiB, if there is any now. True by
    /// default: a handler without a capacity always has some. The reservation is for this handler's next
    /// call for the execution, usually [`try_handle_lines`](Self::try_handle_lines).
    ///
    /// For handlers that share a bounded channel (an FFI boundary, a socket): the output of many children
    /// then waits in their pipes, and not in memory. Not asked while a call is under way, nor for what a
    /// child leaves behind when there was no capacity for 200 ms after its end. Must not block the thread.
    fn try_reserve(&self, _execution_id: Uuid) -> bool {
        true
    }

    /// Resolves when capacity is reserved, after [`try_reserve`](Self::try_reserve) found none. Dropped
    /// before, it has reserved nothing. (tokio's `mpsc::Sender` has the same two.)
    fn reserve(&self, _execution_id: Uuid) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    /// Takes what a read brought without waiting: no future, no allocation. It may take the text out of the
    /// batch, or leave another buffer in its place for the next read. There may be no line in it. Must not
    /// block the thread. False, the default, leaves the batch to
    /// [`handle_lines`](EventHandler::handle_lines).
    fn try_handle_lines(&self, _batch: &mut LineBatch) -> bool {
        false
    }
}

impl<F: Fn(ExecutionEvent) + Send + Sync + 'static> EventHandler for F {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self(event);
        Box::pin(std::future::ready(()))
    }
}
