//! G6: memory is bounded whatever the output, and whatever the handler does.

use std::sync::Arc;
use std::time::Duration;

use execution_engine::{EventHandler, ExecutionEvent, ExecutionStatus, HandlerFuture, LineBatch};
use integration_tests::{TestEngine, child_request};
use tokio::sync::Semaphore;

/// Takes no batch of lines until it is let.
struct Stuck(Semaphore);

impl EventHandler for Stuck {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    fn handle_lines(&self, _: LineBatch) -> HandlerFuture<'_> {
        Box::pin(async {
            if let Ok(permit) = self.0.acquire().await {
                permit.forget();
            }
        })
    }
}

#[tokio::test]
async fn a_stuck_handler_stops_the_child_and_not_the_cancel() {
    let test = TestEngine::new();
    let stuck = Arc::new(Stuck(Semaphore::new(0)));
    let request = child_request(&["endless"]).kill_grace_ms(100);
    let id = test.engine.execute_with(request, stuck.clone()).unwrap();
    // The child fills the pipe and the open batch, and then stands still.
    tokio::time::sleep(Duration::from_millis(300)).await;
    test.engine.cancel(id).unwrap();
    let result = test.wait(id).await;
    assert_eq!(result.status, ExecutionStatus::Cancelled);
    assert!(
        result.stdout_bytes < 4 << 20,
        "{} bytes were read for a handler that takes none",
        result.stdout_bytes
    );
    stuck.0.close();
}

#[tokio::test]
async fn a_stuck_handler_delays_no_other_execution() {
    let test = TestEngine::new();
    let stuck = Arc::new(Stuck(Semaphore::new(0)));
    let id = test.engine.execute_with(child_request(&["endless"]), stuck.clone()).unwrap();
    assert_eq!(test.run(child_request(&["bytes", "1000000"])).await.stdout_bytes, 1_000_000);
    test.engine.cancel(id).unwrap();
    test.wait(id).await;
    stuck.0.close();
}

#[tokio::test]
async fn endless_output_starves_neither_timeout_nor_memory() {
    let test = TestEngine::with(|config| config.max_output_size_bytes(1 << 20).logging(false));
    let request = child_request(&["endless"]).timeout_ms(500);
    let result = test.run(request).await;
    assert_eq!(result.status, ExecutionStatus::Timeout);
    assert!(result.stdout_bytes > 10 << 20, "only {} bytes in half a second", result.stdout_bytes);
    assert!(result.stdout.len() < (1 << 20) + 200, "{}", result.stdout.len());
}
