//! A handler that shares a bounded channel is asked for a permit before output is read for it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use execution_engine::{
    BridgeHandler, EventHandler, ExecutionEvent, ExecutionRequest, ExecutionStatus, HandlerFuture, LineBatch,
    OutputStream,
};
use integration_tests::{DEADLINE, TestEngine, child_request};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

/// A channel that takes so many reads at once.
struct Channel {
    permits: Semaphore,
    /// How many executions had to wait for one.
    waiting: AtomicUsize,
    waits: Notify,
}

/// One execution's handler; it takes lines only at once, where it can.
struct Shared {
    channel: Arc<Channel>,
    has_reserved: AtomicBool,
    takes_at_once: bool,
    text: Mutex<String>,
}

impl Channel {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(permits),
            waiting: AtomicUsize::new(0),
            waits: Notify::new(),
        })
    }

    fn handler(self: &Arc<Self>, takes_at_once: bool) -> Arc<Shared> {
        let (channel, has_reserved) = (Arc::clone(self), AtomicBool::new(false));
        Arc::new(Shared { channel, has_reserved, takes_at_once, text: Mutex::default() })
    }

    async fn until_waiting(&self, count: usize) {
        while self.waiting.load(Ordering::SeqCst) < count {
            self.waits.notified().await;
        }
    }
}

impl Shared {
    /// Every call uses up the reservation.
    fn called(&self) {
        if self.has_reserved.swap(false, Ordering::SeqCst) {
            self.channel.permits.add_permits(1);
        }
    }

    fn reserved(&self) {
        assert!(!self.has_reserved.swap(true, Ordering::SeqCst), "one reservation at a time");
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}

impl EventHandler for Shared {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        self.called();
        Box::pin(std::future::ready(()))
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        self.called();
        self.text.lock().unwrap().push_str(&batch.text);
        Box::pin(std::future::ready(()))
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for Shared {
    fn try_reserve(&self, _: Uuid) -> bool {
        let Ok(permit) = self.channel.permits.try_acquire() else { return false };
        permit.forget();
        self.reserved();
        true
    }

    fn reserve(&self, _: Uuid) -> HandlerFuture<'_> {
        self.channel.waiting.fetch_add(1, Ordering::SeqCst);
        self.channel.waits.notify_one();
        Box::pin(async {
            if let Ok(permit) = self.channel.permits.acquire().await {
                permit.forget();
                self.reserved();
            }
        })
    }

    fn try_handle_lines(&self, batch: &mut LineBatch) -> bool {
        self.called();
        if self.takes_at_once {
            self.text.lock().unwrap().push_str(&std::mem::take(&mut batch.text));
        }
        self.takes_at_once
    }
}

/// Both streams, more than is kept, and a last line without an end.
fn talkative() -> ExecutionRequest {
    let script = "seq 30000; seq 30000 >&2; seq 30000; printf end";
    ExecutionRequest::shell(script).max_output_size_bytes(1000)
}

fn is_whole(text: &str) -> bool {
    let lines = text.lines().collect::<Vec<_>>();
    lines.len() == 90_001
        && lines.iter().filter(|line| **line == "30000").count() == 3
        && lines.contains(&"end")
}

#[tokio::test(flavor = "multi_thread")]
async fn many_executions_that_share_a_bounded_channel_all_deliver() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(12));
    for takes_at_once in [true, false] {
        let channel = Channel::new(1);
        let handlers = (0..12).map(|_| channel.handler(takes_at_once)).collect::<Vec<_>>();
        let start = |handler: &Arc<Shared>| test.engine.execute_with(talkative(), handler.clone()).unwrap();
        let ids = handlers.iter().map(start).collect::<Vec<_>>();
        for id in ids {
            assert_eq!(test.wait(id).await.status, ExecutionStatus::Completed);
        }
        for handler in &handlers {
            assert!(is_whole(&handler.text()));
        }
        assert_eq!(channel.permits.available_permits(), 1);
    }
}

#[tokio::test]
async fn output_without_a_permit_stays_in_its_pipe() {
    let test = TestEngine::new();
    let channel = Channel::new(0);
    let start = |_| {
        let request = child_request(&["endless"]).kill_grace_ms(0);
        test.engine.execute_with(request, channel.handler(true)).unwrap()
    };
    let ids = (0..5).map(start).collect::<Vec<_>>();
    channel.until_waiting(5).await;
    for id in ids {
        test.engine.cancel(id).unwrap();
        let result = test.wait(id).await;
        assert_eq!(result.status, ExecutionStatus::Cancelled);
        // What the pipe held at the end, and no read before.
        assert!(result.stdout_bytes <= 64 * 1024, "{}", result.stdout_bytes);
    }
}

#[tokio::test]
async fn output_from_before_the_end_is_delivered_even_if_no_permit_was_granted() {
    let test = TestEngine::new();
    let handler = Channel::new(0).handler(false);
    let id =
        test.engine.execute_with(ExecutionRequest::shell("echo last; echo words"), handler.clone()).unwrap();
    assert_eq!(test.wait(id).await.stdout, "last\nwords\n");
    assert_eq!(handler.text(), "last\nwords\n");
}

/// Reserves only after a while, in which a flood fills its pipe again.
#[derive(Default)]
struct Slow {
    has_error: Notify,
}

impl EventHandler for Slow {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for Slow {
    fn try_reserve(&self, _: Uuid) -> bool {
        false
    }

    fn reserve(&self, _: Uuid) -> HandlerFuture<'_> {
        Box::pin(tokio::time::sleep(Duration::from_millis(5)))
    }

    fn try_handle_lines(&self, batch: &mut LineBatch) -> bool {
        if batch.runs.iter().any(|run| run.stream == OutputStream::Stderr) {
            self.has_error.notify_one();
        }
        true
    }
}

#[tokio::test]
async fn a_flood_on_one_stream_does_not_keep_the_other_from_being_read() {
    let test = TestEngine::new();
    for script in ["yes & sleep 0.1; echo error >&2; wait", "yes error >&2 & yes & wait"] {
        let slow = Arc::new(Slow::default());
        let request = ExecutionRequest::shell(script).kill_grace_ms(0);
        let id = test.engine.execute_with(request, slow.clone()).unwrap();
        tokio::time::timeout(DEADLINE, slow.has_error.notified()).await.expect("the error is read");
        test.engine.cancel(id).unwrap();
        test.wait(id).await;
    }
}

/// Has no permit, and panics when asked for one.
struct Broken {
    at_once: bool,
}

impl EventHandler for Broken {
    fn handle(&self, _: ExecutionEvent) -> HandlerFuture<'_> {
        Box::pin(std::future::ready(()))
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for Broken {
    fn try_reserve(&self, _: Uuid) -> bool {
        assert!(!self.at_once, "no permit");
        false
    }

    fn reserve(&self, _: Uuid) -> HandlerFuture<'_> {
        panic!("none later either")
    }
}

#[tokio::test]
async fn a_handler_that_panics_when_asked_for_a_permit_harms_no_other() {
    let test = TestEngine::new();
    for at_once in [true, false] {
        let request = ExecutionRequest::shell("seq 100000");
        let id = test.engine.execute_with(request, Arc::new(Broken { at_once })).unwrap();
        let result = test.wait(id).await;
        assert_eq!((result.status, result.stdout_bytes), (ExecutionStatus::Completed, 588_895));
    }
}
