//! [`EventHandler`]: receives the events of an execution; and the extra hooks of a language binding.

use std::pin::Pin;

use uuid::Uuid;

use super::execution_event::ExecutionEvent;
use super::line_batch::LineBatch;

/// Returned by an [`EventHandler`]; completes when the event is handled.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Receives the events of an engine, or of one execution.
///
/// Events of one execution arrive one at a time, in order: the next one when the future of the last is done.
/// Meanwhile lines are batched up to a bound; then the engine stops reading and the child waits
/// (back-pressure). A slow handler never grows memory, never delays another execution, and never delays a
/// timeout or a cancel. (Handlers that share a resource can still wait for each other there.)
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
    /// Handles one event. Must not block the thread.
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_>;

    /// Handles a batch of lines; by default one line at a time through [`handle`](Self::handle).
    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async move {
            for event in batch.events() {
                self.handle(event).await;
            }
        })
    }

    /// The hooks of a language binding, if this is one.
    #[doc(hidden)]
    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        None
    }
}

/// An [`EventHandler`] that shares a bounded channel with others, or takes lines without waiting. It returns
/// itself from [`EventHandler::bridge`]. Unstable: it changes with the bindings of this project.
#[doc(hidden)]
pub trait BridgeHandler: EventHandler {
    /// Whether this handler wants lines now. Checked at every read; while it is false, no line is cut,
    /// decoded or batched for it.
    fn wants_lines(&self) -> bool {
        true
    }

    /// Reserves capacity for output that is about to be read, up to 128 KiB, if there is any now. True by
    /// default, for handlers without a capacity. The reservation is for this handler's next call for the
    /// execution, usually [`try_handle_lines`](Self::try_handle_lines).
    ///
    /// For handlers that share a bounded channel (an FFI boundary, a socket): the output of many children
    /// then waits in their pipes and not in memory. Not called while a call is in progress, nor for output of
    /// a process left behind when there was no capacity for 200 ms after the child's end. Must not block the
    /// thread.
    fn try_reserve(&self, _execution_id: Uuid) -> bool {
        true
    }

    /// Resolves when capacity is reserved, after [`try_reserve`](Self::try_reserve) found none. Dropping it
    /// earlier reserves nothing. (tokio's `mpsc::Sender` has the same pair.)
    fn reserve(&self, _execution_id: Uuid) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    /// Takes what a read returned, without waiting: no future, no allocation. It may take the text out of the
    /// batch, or leave another buffer in its place for the next read. The batch may have no lines. Must not
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
