//! What the tests share: an engine in a folder of its own, a handler that remembers, and looks at the
//! process table.

#![allow(clippy::missing_panics_doc, reason = "a panic here is a failed test")]

#[cfg(unix)]
mod host;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use execution_engine::{
    EngineBuilder, EventHandler, EventKind, ExecutionConfig, ExecutionEngine, ExecutionEvent,
    ExecutionRequest, ExecutionResult, HandlerFuture,
};
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

#[cfg(unix)]
pub use host::{Host, have};

/// How long a test waits for what must come. Long, because machines are slow; nothing sleeps for it.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// The helper program with known behaviour.
#[must_use]
pub fn child() -> String {
    // Beside the test binary: target/<profile>/deps/it-… → target/<profile>/test-child.
    let mut path = std::env::current_exe().expect("the test binary's path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join(format!("test-child{}", std::env::consts::EXE_SUFFIX)).display().to_string()
}

/// A request for the helper program.
#[must_use]
pub fn child_request(args: &[&str]) -> ExecutionRequest {
    ExecutionRequest::exec(child(), args.iter().copied())
}

/// An engine whose logs are in a folder that goes with it.
pub struct TestEngine {
    /// The engine.
    pub engine: ExecutionEngine,
    /// Its folder.
    pub dir: TempDir,
}

impl TestEngine {
    /// With the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|config| config)
    }

    /// With a changed configuration.
    pub fn with(change: impl FnOnce(ExecutionConfig) -> ExecutionConfig) -> Self {
        Self::build(|config| ExecutionEngine::builder(change(config)))
    }

    /// From a builder, for what is not configuration.
    pub fn build(to_builder: impl FnOnce(ExecutionConfig) -> EngineBuilder) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let builder = to_builder(ExecutionConfig::default().log_dir(dir.path().join("logs")));
        Self { engine: builder.build().expect("a valid configuration"), dir }
    }

    /// Where its logs are.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    /// Runs to the end.
    pub async fn run(&self, request: ExecutionRequest) -> Arc<ExecutionResult> {
        let id = self.engine.execute(request).expect("accepted");
        self.wait(id).await
    }

    /// Runs to the end, remembering every event.
    pub async fn run_observed(&self, request: ExecutionRequest) -> (Arc<ExecutionResult>, Arc<EventLog>) {
        let events = EventLog::new();
        let id = self.engine.execute_with(request, Arc::<EventLog>::clone(&events)).expect("accepted");
        (self.wait(id).await, events)
    }

    /// Waits for an end, but not for ever.
    pub async fn wait(&self, id: Uuid) -> Arc<ExecutionResult> {
        tokio::time::timeout(DEADLINE, self.engine.wait_for_completion(id))
            .await
            .expect("the execution ends in time")
            .expect("a known id")
    }
}

impl Default for TestEngine {
    fn default() -> Self {
        Self::new()
    }
}

/// Remembers every event, and lets a test wait for one.
#[derive(Default)]
pub struct EventLog {
    events: Mutex<Vec<ExecutionEvent>>,
    arrived: Notify,
}

impl EventLog {
    /// An empty one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What has happened so far.
    pub fn all(&self) -> Vec<ExecutionEvent> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The kinds of event so far, lines left out.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.all().iter().map(|event| kind(&event.kind)).filter(|kind| *kind != "line").collect()
    }

    /// The lines so far, `o:` or `e:` before each.
    pub fn lines(&self) -> Vec<String> {
        let line = |event: ExecutionEvent| match event.kind {
            EventKind::Stdout { line, .. } => Some(format!("o:{line}")),
            EventKind::Stderr { line, .. } => Some(format!("e:{line}")),
            _ => None,
        };
        self.all().into_iter().filter_map(line).collect()
    }

    /// Waits until `found` gives something.
    pub async fn until<T>(&self, found: impl Fn(&[ExecutionEvent]) -> Option<T>) -> T {
        let search = async {
            loop {
                let mut arrived = std::pin::pin!(self.arrived.notified());
                arrived.as_mut().enable();
                if let Some(result) = found(&self.all()) {
                    return result;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(DEADLINE, search).await.expect("the event comes in time")
    }

    /// Waits for a line that contains `text`.
    pub async fn line(&self, text: &str) -> String {
        self.until(|events| {
            events.iter().find_map(|event| match &event.kind {
                EventKind::Stdout { line, .. } | EventKind::Stderr { line, .. } if line.contains(text) => {
                    Some(line.clone())
                }
                _ => None,
            })
        })
        .await
    }
}

impl EventHandler for EventLog {
    fn handle(&self, event: ExecutionEvent) -> HandlerFuture<'_> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.arrived.notify_waiters();
        Box::pin(std::future::ready(()))
    }
}

/// The event's name; `line` for both streams.
#[must_use]
pub fn kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Stdout { .. } | EventKind::Stderr { .. } => "line",
        other => other.name(),
    }
}

/// Whether a process runs: a zombie does not, one whose first thread alone has ended does.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut stats = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    // The name, in brackets, may hold anything: the state comes after the last one.
    stats.any(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X'])))
}

/// Live processes that carry an execution's mark, wherever they have gone.
#[must_use]
pub fn marked(id: Uuid) -> Vec<u32> {
    let mark = id.to_string();
    let carries = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        is_running(*pid) && environment.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(carries).collect()
}

/// Zombies and live children of this process.
#[must_use]
pub fn children() -> Vec<u32> {
    let me = std::process::id().to_string();
    let stat = |dir: &Path| std::fs::read_to_string(dir.join("stat")).ok();
    let parent =
        |text: &str| text.rsplit(')').next().and_then(|rest| rest.split(' ').nth(2).map(str::to_owned));
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| stat(&entry.path()).and_then(|text| parent(&text)).is_some_and(|ppid| ppid == me))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Polls until `holds`, with the deadline of all tests.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
