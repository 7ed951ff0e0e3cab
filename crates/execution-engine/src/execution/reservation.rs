//! [`Reservation`]: room that a handler sets aside for output, asked for before the read.
//!
//! A bridge that many executions share has room for a few reads. What none was set aside for is not read: it
//! waits in its pipe, and not in memory.

use super::delivery::Delivery;
use crate::event::HandlerFuture;

/// Room that is there is used in the same turn: there is no state between asking and reading but waiting.
#[derive(Default)]
pub(crate) enum Reservation {
    #[default]
    Idle,
    Waiting(HandlerFuture<'static>),
}

impl Reservation {
    /// Asks for room. True where there is some, or none is needed: read now. Otherwise await
    /// [`granted`](Self::granted).
    pub(crate) fn request(&mut self, delivery: &Delivery) -> bool {
        *self = delivery.reserve().map_or(Self::Idle, Self::Waiting);
        !self.is_waiting()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    /// Resolves when there is room; never where none was asked for. Cancel-safe.
    pub(crate) async fn granted(&mut self) {
        match self {
            Self::Idle => std::future::pending().await,
            Self::Waiting(room) => room.await,
        }
        *self = Self::Idle;
    }

    /// Takes the request back. To be done before anything is awaited that does not await
    /// [`granted`](Self::granted): room that is granted meanwhile would keep others waiting.
    pub(crate) fn withdraw(&mut self) {
        *self = Self::Idle;
    }
}
