//! What a subscriber of `tracing` sees of an execution: one span, and an event at each turn of its life.

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use execution_engine::ExecutionRequest;
use integration_tests::{EventLog, TestEngine};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use uuid::Uuid;

/// Records spans and events of one thread, at every level.
#[derive(Default)]
struct Recorder {
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The fields of each span, as text.
    spans: Vec<String>,
    entered: Vec<u64>,
    /// The innermost span and the message of each event of the engine.
    events: Vec<(Option<u64>, String)>,
    /// Every field of everything.
    everything: String,
}

#[derive(Default)]
struct Fields {
    all: String,
    message: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.all, "{}={value:?} ", field.name());
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("execution_engine")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut state = self.state.lock().unwrap();
        state.spans.push(format!("{} {}", attributes.metadata().name(), fields.all));
        state.everything += &fields.all;
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let mut state = self.state.lock().unwrap();
        let index = usize::try_from(span.into_u64() - 1).unwrap();
        state.spans[index] += &fields.all;
        state.everything += &fields.all;
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut state = self.state.lock().unwrap();
        let innermost = state.entered.last().copied();
        state.everything += &fields.all;
        state.events.push((innermost, fields.message));
    }

    fn enter(&self, span: &Id) {
        self.state.lock().unwrap().entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut state = self.state.lock().unwrap();
        let at = state.entered.iter().rposition(|entered| *entered == span.into_u64()).unwrap();
        state.entered.remove(at);
    }
}

impl Recorder {
    /// The one span of an execution, and what happened in it, reads left out.
    fn seen(&self, id: Uuid) -> (String, Vec<String>) {
        let state = self.state.lock().unwrap();
        let mine: Vec<_> =
            (1..).zip(&state.spans).filter(|(_, span)| span.contains(&id.to_string())).collect();
        assert_eq!(mine.len(), 1, "{mine:?}");
        let (key, span) = mine[0];
        let in_it = state.events.iter().filter(|(span, message)| *span == Some(key) && message != "read");
        (span.clone(), in_it.map(|(_, message)| message.clone()).collect())
    }
}

fn record() -> (Arc<Recorder>, tracing::subscriber::DefaultGuard) {
    let recorder = Arc::new(Recorder::default());
    let guard = tracing::subscriber::set_default(Arc::clone(&recorder));
    (recorder, guard)
}

#[tokio::test]
async fn one_span_per_execution_holds_its_events_in_order() {
    let (recorder, _guard) = record();
    let test = TestEngine::with(|config| config.max_concurrent_executions(1).kill_grace_ms(50));
    let events = EventLog::new();
    let stubborn = ExecutionRequest::shell("trap '' TERM; echo up; while :; do sleep 0.01; done");
    let first = test.engine.execute_with(stubborn, events.clone()).unwrap();
    let second = test.engine.execute(ExecutionRequest::exec("true", [""; 0])).unwrap();
    events.line("up").await;
    let pid = test.engine.get_summary(first).unwrap().pid.unwrap();
    test.engine.cancel(first).unwrap();
    test.wait(first).await;
    test.wait(second).await;

    let (span, in_it) = recorder.seen(first);
    assert!(span.starts_with("execution ") && span.contains("kind=\"shell\""), "{span}");
    assert!(span.contains(&format!("pid={pid} ")), "{span}");
    let expected = ["accepted", "started", "asked to stop", "killed", "exited", "drained", "ended"];
    assert_eq!(in_it, expected);
    let (_, in_it) = recorder.seen(second);
    assert_eq!(in_it, ["accepted", "queued", "started", "exited", "drained", "ended"]);
}

#[tokio::test]
async fn secrets_never_reach_a_subscriber() {
    let (recorder, _guard) = record();
    let test = TestEngine::new();
    let secret = "hunter2-hunter2";
    for command in [format!("echo {secret}; exit 3"), format!("no-such-program-{secret}")] {
        test.run(ExecutionRequest::shell(command).secrets([secret])).await;
    }
    let missing = ExecutionRequest::exec(format!("/nowhere/{secret}"), [""; 0]).secrets([secret]);
    test.run(missing).await;
    test.engine.shutdown().await;
    let everything = recorder.state.lock().unwrap().everything.clone();
    assert!(everything.contains("***"), "{everything}");
    assert!(!everything.contains("hunter2"), "{everything}");
}
