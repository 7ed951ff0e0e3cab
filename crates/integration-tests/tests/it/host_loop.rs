//! A host's event loop that takes part in reading: the host here is a thread that polls the descriptor.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use execution_engine::{
    BridgeHandler, EventHandler, EventKind, ExecutionEngine, ExecutionEvent, ExecutionRequest,
    ExecutionStatus, HandlerFuture, HostLoop, LineBatch, Stdin,
};
use integration_tests::{EventLog, TestEngine, child_request};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const HOST: &str = "the host";

struct Host {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    fn new(host_loop: &HostLoop) -> Self {
        let (host_loop, ends) = (host_loop.clone(), Arc::<AtomicBool>::default());
        let until = ends.clone();
        let turns = move || {
            while !until.load(Ordering::Relaxed) {
                let mut watched = [PollFd::new(&host_loop, PollFlags::IN)];
                let moment = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
                if poll(&mut watched, Some(&moment)).unwrap() > 0 {
                    host_loop.turn();
                }
            }
        };
        let thread = std::thread::Builder::new().name(HOST.into()).spawn(turns).unwrap();
        Self { ends, thread: Some(thread) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Counts lines by the thread in which they are handled, and remembers them.
#[derive(Default)]
struct ByThread {
    in_host: AtomicUsize,
    elsewhere: AtomicUsize,
    text: Mutex<String>,
    log: EventLog,
}

impl ByThread {
    fn take(&self, batch: &LineBatch) {
        let in_host = std::thread::current().name() == Some(HOST);
        let counter = if in_host { &self.in_host } else { &self.elsewhere };
        counter.fetch_add(batch.runs.iter().map(|run| run.lines).sum(), Ordering::Relaxed);
        self.text.lock().unwrap().push_str(&batch.text);
    }
}

impl EventHandler for ByThread {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self.log.handle(event)
    }

    fn handle_lines(&self, batch: LineBatch) -> HandlerFuture<'_> {
        self.take(&batch);
        Box::pin(std::future::ready(()))
    }

    fn bridge(&self) -> Option<&dyn BridgeHandler> {
        Some(self)
    }
}

impl BridgeHandler for ByThread {
    fn try_handle_lines(&self, batch: &mut LineBatch) -> bool {
        self.take(batch);
        true
    }
}

fn engine(host_loop: &HostLoop) -> TestEngine {
    TestEngine::build(|config| ExecutionEngine::builder(config).host_loop(host_loop))
}

/// A child that gives back what it is given.
fn echoing() -> ExecutionRequest {
    ExecutionRequest::exec("cat", [""; 0]).stdin(Stdin::Pipe)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_lines_are_handled_in_the_hosts_thread() {
    let host_loop = HostLoop::new().unwrap();
    let (test, _host) = (engine(&host_loop), Host::new(&host_loop));
    let handler = Arc::<ByThread>::default();
    let id = test.engine.execute_with(echoing(), handler.clone()).unwrap();
    // Not every one: on a busy machine the runtime may read while the host's thread waits for a CPU.
    while handler.in_host.load(Ordering::Relaxed) < 10 {
        let seen = handler.text.lock().unwrap().len();
        test.engine.write_stdin(id, b"a line\n".to_vec()).await.unwrap();
        while handler.text.lock().unwrap().len() == seen {
            tokio::task::yield_now().await;
        }
    }
    test.engine.close_stdin(id).await.unwrap();
    let result = test.wait(id).await;
    assert_eq!(result.status, ExecutionStatus::Completed);
    assert_eq!(*handler.text.lock().unwrap(), result.stdout);
    assert_eq!(handler.log.kinds(), ["started", "completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_output_is_read_by_the_runtime() {
    let host_loop = HostLoop::new().unwrap();
    let (test, _host) = (engine(&host_loop), Host::new(&host_loop));
    let handler = Arc::<ByThread>::default();
    let id = test.engine.execute_with(child_request(&["lines", "300000"]), handler.clone()).unwrap();
    let result = test.wait(id).await;
    let (in_host, elsewhere) =
        (handler.in_host.load(Ordering::Relaxed), handler.elsewhere.load(Ordering::Relaxed));
    assert_eq!((result.status, in_host + elsewhere), (ExecutionStatus::Completed, 300_000));
    assert!(elsewhere > in_host, "{in_host} of 300000 lines were read in the host's thread");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_read_while_the_hosts_loop_is_blocked() {
    let host_loop = HostLoop::new().unwrap();
    let test = engine(&host_loop);
    let handler = Arc::<ByThread>::default();
    let id = test.engine.execute_with(echoing(), handler.clone()).unwrap();
    for round in 1..=5 {
        test.engine.write_stdin(id, b"a line\n".to_vec()).await.unwrap();
        while handler.elsewhere.load(Ordering::Relaxed) < round {
            tokio::task::yield_now().await;
        }
    }
    assert!(test.engine.cancel(id).unwrap());
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_whole_and_in_order_and_the_end_is_last_whichever_thread_reads() {
    let host_loop = HostLoop::new().unwrap();
    let (test, _host) = (engine(&host_loop), Host::new(&host_loop));
    // Quiet, loud, quiet again; its two streams in turns.
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo $i; done; seq 10 60000; \
                  i=60001; while [ $i -le 60300 ]; do echo $i; i=$((i+1)); done";
    let wanted: String = (1..=60300).map(|number| format!("{number}\n")).collect();
    let all = (0..8).map(|_| {
        let handler = Arc::<ByThread>::default();
        (test.engine.execute_with(ExecutionRequest::shell(script), handler.clone()).unwrap(), handler)
    });
    for (id, handler) in all.collect::<Vec<_>>() {
        let result = test.wait(id).await;
        assert_eq!((result.status, &result.stdout), (ExecutionStatus::Completed, &wanted));
        assert_eq!(*handler.text.lock().unwrap(), wanted);
        let last = handler.log.all().pop().unwrap();
        assert!(matches!(last.kind, EventKind::Completed { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_host_has_closed_its_loop_the_runtime_reads_everything() {
    let host_loop = HostLoop::new().unwrap();
    let (test, _host) = (engine(&host_loop), Host::new(&host_loop));
    let handler = Arc::<ByThread>::default();
    let id = test.engine.execute_with(echoing(), handler.clone()).unwrap();
    let lines = || handler.text.lock().unwrap().lines().count();
    let echo = async |wanted: usize| {
        test.engine.write_stdin(id, b"a line\n".to_vec()).await.unwrap();
        while lines() < wanted {
            tokio::task::yield_now().await;
        }
    };
    while handler.in_host.load(Ordering::Relaxed) < 3 {
        echo(lines() + 1).await;
    }
    host_loop.close();
    // The one that the host's thread is at just now may be its last.
    echo(lines() + 1).await;
    let (in_host, before) = (handler.in_host.load(Ordering::Relaxed), lines());
    for more in 1..=20 {
        echo(before + more).await;
    }
    assert_eq!(handler.in_host.load(Ordering::Relaxed), in_host);
    test.engine.close_stdin(id).await.unwrap();
    assert_eq!(test.wait(id).await.status, ExecutionStatus::Completed);
}

/// The words and the hang-up reach the loop in one look, and no further edge follows.
#[tokio::test(flavor = "multi_thread")]
async fn last_words_arrive_when_the_streams_are_closed_and_not_when_the_program_ends() {
    let host_loop = HostLoop::new().unwrap();
    // Nobody turns the loop: the stand-in looks when both are there.
    let test = engine(&host_loop);
    let script = "echo ready; read x; printf 'last words'; exec >&- 2>&-; read y";
    for _ in 0..5 {
        let events = EventLog::new();
        let request = ExecutionRequest::shell(script).stdin(Stdin::Pipe);
        let id = test.engine.execute_with(request, events.clone()).unwrap();
        events.line("ready").await;
        test.engine.write_stdin(id, b"go\n".to_vec()).await.unwrap();
        events.line("last words").await;
        assert_eq!(test.engine.get_status(id).unwrap(), ExecutionStatus::Running);
        test.engine.close_stdin(id).await.unwrap();
        assert_eq!(test.wait(id).await.stdout, "ready\nlast words");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_loop_that_went_with_its_engine() {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // The guard, the spawner and their like come with the first one, and stay.
    drop(TestEngine::new().run(child_request(&["lines", "3"])).await);
    let before = descriptors();
    for _ in 0..20 {
        let host_loop = HostLoop::new().unwrap();
        let (result, events) = engine(&host_loop).run_observed(child_request(&["lines", "3"])).await;
        assert_eq!((result.status, events.lines().len()), (ExecutionStatus::Completed, 3));
    }
    let deadline = std::time::Instant::now() + integration_tests::DEADLINE;
    while descriptors() > before + 3 {
        assert!(std::time::Instant::now() < deadline, "{} descriptors, {before} before", descriptors());
        tokio::task::yield_now().await;
    }
}
