//! [`EventHandler`]: who receives the events of an execution.

use std::pin::Pin;

use super::bridge_handler::BridgeHandler;
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

impl<F: Fn(ExecutionEvent) + Send + Sync + 'static> EventHandler for F {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self(event);
        Box::pin(std::future::ready(()))
    }
}
