//! One execution from acceptance to its terminal event. Reads top to bottom.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::catch_unwind::{Panicked, or_panic};
use super::conclude;
use super::delivery::Delivery;
use super::end_guard::EndGuard;
use super::flow::Flow;
use super::log_header::log_header;
use super::outcome::{self, Outcome};
use super::settings::Settings;
use super::sinks::{Sinks, into_text};
use super::stdin::StdinSource;
use super::supervise::{Ended, Supervisor};
use crate::admission::{Permit, Ticket};
use crate::command;
use crate::error::ExecutionFailure;
use crate::event::{EventHandler, EventKind, OutputStream};
use crate::host_context::HostContext;
use crate::host_loop::Reactor;
use crate::log::ExecutionLog;
use crate::output::{BoundedBuffer, Secrets};
use crate::per_stream::PerStream;
use crate::process::{self, SpawnClaim, SpawnSpec, Spawned};
use crate::registry::{Execution, Registry, StopRequest};
use crate::request::ExecutionRequest;
use crate::result::{Containment, ExecutionResult, ExecutionStatus, millis};

/// One execution's task, with everything it needs.
pub(crate) struct Task {
    pub(crate) execution: Arc<Execution>,
    /// Without its standard input, which may be large and is in `stdin`.
    pub(crate) request: Arc<ExecutionRequest>,
    /// As it was when the request was accepted.
    pub(crate) host: HostContext,
    pub(crate) registry: Arc<Registry>,
    pub(crate) secrets: Secrets,
    pub(crate) settings: Settings,
    pub(crate) handler: Option<Arc<dyn EventHandler>>,
    /// The host's event loop, if it takes part in reading.
    pub(crate) reactor: Option<Arc<Reactor>>,
    pub(crate) log: ExecutionLog,
    pub(crate) stdin: StdinSource,
    pub(crate) stop: watch::Receiver<StopRequest>,
}

/// How long a cancelled execution waits for a spawn that is under way.
const SPAWN_DEADLINE: Duration = Duration::from_secs(1);

/// How a start ended.
enum Start {
    Spawned(Spawned),
    /// A stop was requested first; why there is no process.
    Stopped(ExecutionFailure),
    Failed(ExecutionFailure),
}

impl Task {
    /// Always runs to a result: also after a panic, or when the runtime shuts down.
    pub(crate) fn run(self, ticket: Ticket) -> impl Future<Output = ()> + Send {
        let guard = EndGuard {
            execution: Arc::clone(&self.execution),
            registry: Arc::clone(&self.registry),
            handler: self.handler.clone(),
        };
        let (id, kind, command) = (self.execution.id, self.request.command.kind(), &*self.execution.command);
        let span = tracing::info_span!("execution", %id, kind, pid = tracing::field::Empty);
        span.in_scope(|| tracing::debug!(command, "accepted"));
        let its_span = span.clone();
        let accepted = Instant::now();
        let life = async move {
            let lived = {
                let mut life = pin!(self.live(ticket, accepted, its_span));
                or_panic(life.as_mut()).await
            };
            // Dropping its future has killed the tree and freed the slot.
            if let Err(Panicked(message)) = lived {
                conclude::after_panic(&guard, &message).await;
            }
        };
        life.instrument(span)
    }

    async fn live(mut self, ticket: Ticket, accepted: Instant, span: Span) {
        let mut delivery = Delivery::new(self.execution.id, self.handler.take(), self.settings.stream_output);
        let Some(permit) = self.wait_for_permit(ticket, &mut delivery).await else {
            let error = outcome::never_started(&self.execution.command);
            return self.unstarted(ExecutionStatus::Cancelled, error, delivery, accepted).await;
        };
        match self.start_unless_stopped().await {
            Start::Spawned(spawned) => {
                span.record("pid", spawned.child.pid());
                self.supervise(spawned, permit, delivery, accepted).await;
            }
            Start::Stopped(error) => {
                drop(permit);
                self.unstarted(ExecutionStatus::Cancelled, error, delivery, accepted).await;
            }
            Start::Failed(failure) => {
                drop(permit);
                let error = ExecutionFailure::new(failure.code, self.secrets.mask(&failure.message));
                self.unstarted(ExecutionStatus::Failed, error, delivery, accepted).await;
            }
        }
    }

    async fn unstarted(
        self,
        status: ExecutionStatus,
        error: ExecutionFailure,
        delivery: Delivery,
        accepted: Instant,
    ) {
        let mut result = self.execution.unstarted_result(status, Some(error));
        result.queued_ms = millis(accepted.elapsed());
        conclude::publish(&self.execution, &self.registry, result, delivery, None).await;
    }

    /// Waits for a permit; `None` if a stop was requested first.
    async fn wait_for_permit(&mut self, ticket: Ticket, delivery: &mut Delivery) -> Option<Permit> {
        if ticket.is_queued() {
            tracing::debug!("queued");
            delivery.event(EventKind::Queued);
        }
        let (mut stopped, mut granted) = (pin!(stopped(self.stop.clone())), pin!(ticket.granted()));
        loop {
            tokio::select! {
                biased;
                () = &mut stopped => return None,
                permit = &mut granted => return Some(permit),
                () = delivery.progress(), if delivery.is_busy() => {}
            }
        }
    }

    /// A stop before the spawn calls it off. A later one is for the supervisor: the program may have done
    /// something already, so its execution is reported as one that ran.
    async fn start_unless_stopped(&self) -> Start {
        let claim = SpawnClaim::default();
        let mut start = pin!(self.start(claim.clone()));
        let started = tokio::select! {
            biased;
            // A hanging look-up must not delay a cancel: until the spawn begins, it is called off.
            () = stopped(self.stop.clone()) => {
                if claim.revoke() {
                    return Start::Stopped(outcome::never_started(&self.execution.command));
                }
                // Nor must a spawn that hangs on an unresponsive file system. Its process is killed when the
                // spawn returns.
                match tokio::time::timeout(SPAWN_DEADLINE, start).await {
                    Ok(started) => started,
                    Err(_) => return Start::Stopped(outcome::cancelled_while_starting(&self.execution.command)),
                }
            }
            started = &mut start => started,
        };
        started.map_or_else(Start::Failed, Start::Spawned)
    }

    async fn start(&self, claim: SpawnClaim) -> Result<Spawned, ExecutionFailure> {
        let (request, id) = (Arc::clone(&self.request), self.execution.id);
        let stdin = self.stdin.mode();
        let (to_prepare, host) = (Arc::clone(&request), self.host.clone());
        let prepare = move || Ok(SpawnSpec { stdin, ..command::prepare(&to_prepare, &host, id)? });
        match process::spawn(claim, prepare).await {
            Ok(spawned) => Ok(spawned),
            Err(failure) => Err(command::explain(request, self.host.clone(), id, failure).await),
        }
    }

    async fn supervise(
        mut self,
        spawned: Spawned,
        permit: Permit,
        mut delivery: Delivery,
        accepted: Instant,
    ) {
        let started = Instant::now();
        let started_at = Utc::now();
        let pid = spawned.child.pid();
        let containment = spawned.child.containment();
        tracing::debug!(pid, ?containment, "started");
        let (process, mut log) = ((pid, spawned.child.start_time()), std::mem::take(&mut self.log));
        log.begin(|| log_header(&self.execution, &self.request, &self.secrets, process, started_at));
        self.execution.set_started(pid, started_at, log.path());
        delivery.event(EventKind::Started { pid, command: self.execution.command.to_string() });
        let has_input = spawned.stdin.is_some();
        let feeder = spawned.stdin.and_then(|pipe| std::mem::take(&mut self.stdin).feed(pipe));

        let mut sinks =
            Sinks::new(&self.secrets, self.settings.limit, self.execution.extras.all, log, delivery);
        let flow = Flow::new(spawned.stdout, spawned.stderr, self.reactor.take());
        let supervisor =
            Supervisor::new(spawned.child, flow, &mut sinks, self.stop.clone(), self.settings, started);
        let ended = supervisor.run().await;
        drop(feeder);
        let facts = Facts { has_input, containment, started_at, started, accepted };
        // Boxed: it is larger than the rest of the task, which would otherwise carry its size from the start.
        Box::pin(self.conclude(ended, sinks, facts, permit)).await;
    }

    async fn conclude(self, ended: Ended, sinks: Sinks, facts: Facts, permit: Permit) {
        let execution = &self.execution;
        let (command, shown) = (&self.request.command, &execution.command);
        let end_of = |stream, most| sinks.streams[stream].end(most);
        let Outcome { status, exit_code, signal, error } =
            outcome::judge(ended.stop.as_ref(), &ended.exit.status, command, shown, facts.has_input, end_of);
        let Sinks { streams: PerStream { stdout, stderr }, all, log, mut delivery, .. } = sinks;
        let mut result = ExecutionResult {
            exit_code,
            signal,
            stdout_bytes: stdout.bytes,
            stderr_bytes: stderr.bytes,
            stdout_truncated: stdout.is_truncated(),
            stderr_truncated: stderr.is_truncated(),
            duration_ms: millis(ended.at - facts.started),
            queued_ms: millis(facts.started - facts.accepted),
            started_at: Some(facts.started_at),
            resource_usage: ended.exit.usage,
            containment: facts.containment,
            leftover_processes: ended.leftovers,
            output_incomplete: ended.output_incomplete,
            ..execution.unstarted_result(status, error)
        };
        let mut files = conclude::close_log(log, &mut result).await;
        for message in std::mem::take(&mut files.warnings) {
            delivery.event(EventKind::Warning { message });
        }
        // Only now is the file with the omitted output known.
        let (stdout, stderr) = (stdout.into_buffer(), stderr.into_buffer());
        if let Some(raw) = &mut result.raw {
            (raw.stdout, raw.stderr) = (stdout.bytes(), stderr.bytes());
            raw.all = all.as_ref().map(BoundedBuffer::bytes).unwrap_or_default();
        }
        result.stdout = into_text(stdout, "stdout", files.file_of(OutputStream::Stdout));
        result.stderr = into_text(stderr, "stderr", files.file_of(OutputStream::Stderr));
        result.all = all.map(|all| into_text(all, "the output", files.log.as_ref()));
        conclude::publish(execution, &self.registry, result, delivery, Some(permit)).await;
    }
}

/// Resolves when a stop was requested, even if that was before this call.
async fn stopped(mut stop: watch::Receiver<StopRequest>) {
    if stop.wait_for(|stop| *stop != StopRequest::None).await.is_err() {
        std::future::pending::<()>().await;
    }
}

struct Facts {
    /// Whether it was given standard input.
    has_input: bool,
    containment: Containment,
    started_at: DateTime<Utc>,
    started: Instant,
    accepted: Instant,
}
