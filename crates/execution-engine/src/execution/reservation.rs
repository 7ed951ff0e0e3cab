//! [`Reservation`]: a handler's capacity for output, requested before the read.
//!
//! A bridge that many executions share has capacity for a few reads. Output without a reservation is not
//! read: it waits in its pipe, and not in memory.

use super::delivery::Delivery;
use crate::event::HandlerFuture;

/// Granted capacity is used in the same turn, so waiting is the only state between request and read.
#[derive(Default)]
pub(crate) enum Reservation {
    #[default]
    Idle,
    Waiting(HandlerFuture<'static>),
}

impl Reservation {
    /// Requests capacity. True if it is granted, or none is needed: read now. Otherwise await
    /// [`granted`](Self::granted).
    pub(crate) fn request(&mut self, delivery: &Delivery) -> bool {
        *self = delivery.reserve().map_or(Self::Idle, Self::Waiting);
        !self.is_waiting()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    /// Resolves when capacity is granted; never if none was requested. Cancel-safe.
    pub(crate) async fn granted(&mut self) {
        match self {
            Self::Idle => std::future::pending().await,
            Self::Waiting(capacity) => capacity.await,
        }
        *self = Self::Idle;
    }

    /// Withdraws the request. Call it before awaiting anything other than [`granted`](Self::granted):
    /// capacity granted meanwhile would keep others waiting.
    pub(crate) fn withdraw(&mut self) {
        *self = Self::Idle;
    }
}
