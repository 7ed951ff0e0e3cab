//! [`Execution`]: what the registry and callers hold of one execution.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::log::LogPlace;
use crate::request::ExecutionMetadata;
use crate::result::{ExecutionResult, ExecutionStatus, ExecutionSummary};

/// How urgently an execution was asked to stop. It only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StopRequest {
    /// Nobody asked.
    None,
    /// Politely: the signal, the grace period, then by force.
    Polite,
    /// At once.
    Force,
}

/// Bytes for the child's standard input, and word when they are written.
#[derive(Debug)]
pub(crate) enum StdinMessage {
    Write(Vec<u8>, oneshot::Sender<()>),
    Close,
}

/// One execution, live or finished. Its task writes here; everybody else reads and asks.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) id: Uuid,
    /// As one would type it, secrets masked.
    pub(crate) command: String,
    pub(crate) command_type: String,
    pub(crate) metadata: ExecutionMetadata,
    pub(crate) created_at: DateTime<Utc>,
    state: Mutex<State>,
    /// Wakes whoever waits for the result.
    told: Notify,
    /// `None` unless the request's standard input is a pipe.
    stdin: Option<mpsc::Sender<StdinMessage>>,
}

#[derive(Debug)]
struct State {
    status: ExecutionStatus,
    started: Option<Started>,
    /// Nothing once it has ended: what is remembered for a day should be small.
    stop: Option<watch::Sender<StopRequest>>,
    log: Option<LogPlace>,
    result: Option<Arc<ExecutionResult>>,
    /// The terminal event was delivered: whoever waits has then seen every event before.
    is_told: bool,
}

#[derive(Debug, Clone, Copy)]
struct Started {
    pid: u32,
    at: DateTime<Utc>,
    clock: Instant,
}

/// What is known of an execution when it is accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) id: Uuid,
    pub(crate) command: String,
    pub(crate) command_type: String,
    pub(crate) metadata: ExecutionMetadata,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) stdin: Option<mpsc::Sender<StdinMessage>>,
}

impl Execution {
    pub(crate) fn new(accepted: Accepted) -> Self {
        let state = State {
            status: ExecutionStatus::Pending,
            started: None,
            stop: Some(watch::Sender::new(StopRequest::None)),
            log: None,
            result: None,
            is_told: false,
        };
        Self {
            id: accepted.id,
            command: accepted.command,
            command_type: accepted.command_type,
            metadata: accepted.metadata,
            created_at: accepted.created_at,
            state: Mutex::new(state),
            told: Notify::new(),
            stdin: accepted.stdin,
        }
    }

    pub(crate) fn status(&self) -> ExecutionStatus {
        self.lock().status
    }

    pub(crate) fn result(&self) -> Option<Arc<ExecutionResult>> {
        self.lock().result.clone()
    }

    /// The process runs.
    pub(crate) fn set_started(&self, pid: u32, at: DateTime<Utc>, log: Option<LogPlace>) {
        let mut state = self.lock();
        state.log = log;
        state.status = ExecutionStatus::Running;
        state.started = Some(Started { pid, at, clock: Instant::now() });
    }

    /// The first result counts; later ones are dropped.
    pub(crate) fn set_result(&self, result: &Arc<ExecutionResult>) -> bool {
        let mut state = self.lock();
        if state.result.is_some() {
            return false;
        }
        state.status = result.status;
        (state.log, state.stop) = (None, None);
        state.result = Some(Arc::clone(result));
        true
    }

    /// Lets go whoever waits.
    pub(crate) fn release_waiters(&self) {
        self.lock().is_told = true;
        self.told.notify_waiters();
    }

    /// Resolves when the execution has ended and its terminal event was delivered.
    pub(crate) async fn completed(&self) -> Arc<ExecutionResult> {
        loop {
            let mut told = pin!(self.told.notified());
            // Before the look: what is told in between is not missed.
            told.as_mut().enable();
            if let Some(result) = self.told_result() {
                return result;
            }
            told.await;
        }
    }

    fn told_result(&self) -> Option<Arc<ExecutionResult>> {
        let state = self.lock();
        state.result.clone().filter(|_| state.is_told)
    }

    /// Asks for a polite stop; a second time for force. True when it was still live.
    pub(crate) fn cancel(&self) -> bool {
        self.request_stop(
            |stop| if stop == StopRequest::None { StopRequest::Polite } else { StopRequest::Force },
        )
    }

    /// Asks for a stop of at least this urgency. True when it was still live.
    pub(crate) fn stop_at_least(&self, urgency: StopRequest) -> bool {
        self.request_stop(|stop| stop.max(urgency))
    }

    fn request_stop(&self, raise: impl FnOnce(StopRequest) -> StopRequest) -> bool {
        let state = self.lock();
        let Some(stop) = &state.stop else { return false };
        // Told only when it rises: asking again for the same is not asking for more.
        stop.send_if_modified(|stop| std::mem::replace(stop, raise(*stop)) != *stop);
        true
    }

    /// Where requests to stop arrive; after the end none do.
    pub(crate) fn stop_requests(&self) -> watch::Receiver<StopRequest> {
        let nothing = || watch::Sender::new(StopRequest::None).subscribe();
        self.lock().stop.as_ref().map_or_else(nothing, watch::Sender::subscribe)
    }

    pub(crate) fn stdin(&self) -> Option<&mpsc::Sender<StdinMessage>> {
        self.stdin.as_ref()
    }

    pub(crate) fn summary(&self) -> ExecutionSummary {
        let state = self.lock();
        let result = state.result.as_deref();
        let running = state.started.filter(|_| result.is_none());
        ExecutionSummary {
            id: self.id,
            status: state.status,
            command: self.command.clone(),
            command_type: self.command_type.clone(),
            pid: running.map(|started| started.pid),
            created_at: self.created_at,
            started_at: result.map_or(state.started.map(|started| started.at), |result| result.started_at),
            completed_at: result.map(|result| result.completed_at),
            exit_code: result.and_then(|result| result.exit_code),
            duration_ms: match (result, running) {
                (Some(result), _) => result.started_at.map(|_| result.duration_ms),
                (None, Some(started)) => Some(millis(started.clock.elapsed())),
                (None, None) => None,
            },
            log_path: match result {
                Some(result) => result.log_path.clone(),
                None => state.log.as_ref().and_then(LogPlace::path),
            },
            metadata: self.metadata.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole milliseconds; an age no clock will see saturates.
pub(crate) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
