//! Turns a panic in a caller's code into a value.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// The message of a panic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panicked(pub(crate) String);

/// Calls a function that is not the engine's own.
pub(crate) fn no_panic<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    // Unwind safety: nothing the call touched is used again, however it ended.
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Panicked(message(payload.as_ref())))
}

/// Polls `future` to its end or its panic. After a panic it is not polled again.
pub(crate) async fn or_panic<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Result<F::Output, Panicked> {
    std::future::poll_fn(|context| {
        // Unwind safety: the future is not polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(Panicked(message(payload.as_ref())))),
        }
    })
    .await
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_message() {
        let panicking = std::pin::pin!(async {
            assert!(std::env::args().count() == 0, "oh {}", "no");
        });
        assert_eq!(or_panic(panicking).await, Err(Panicked("oh no".into())));
    }
}
