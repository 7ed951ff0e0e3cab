//! [`Execution`]: what the registry and callers hold of one execution.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use super::life::{Life, Live, OwnLog, Started, StdinMessage, StopRequest};
use crate::error::ExecutionFailure;
use crate::log::LogPath;
use crate::request::ExecutionMetadata;
use crate::result::{
    Containment, ExecutionResult, ExecutionStatus, ExecutionSummary, Extras, OutputFiles, millis,
};
use crate::sync::lock;

/// One execution, live or finished. Its task writes here; everything else reads.
///
/// Many may be retained for a day, so what only a live execution needs is dropped at its end.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) id: Uuid,
    /// As one would type it, secrets masked.
    pub(crate) command: Box<str>,
    pub(crate) command_type: Cow<'static, str>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) extras: Extras,
    /// Whether the request's standard input is a pipe.
    takes_stdin: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    life: Life,
    /// Wakes callers that wait for the result. `None` once the terminal event was delivered: later callers
    /// need not wait.
    waiters: Option<Arc<Notify>>,
}

/// What is known of an execution on acceptance.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) id: Uuid,
    pub(crate) command: String,
    pub(crate) command_type: Cow<'static, str>,
    pub(crate) metadata: ExecutionMetadata,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) extras: Extras,
    pub(crate) stdin: Option<mpsc::Sender<StdinMessage>>,
}

impl Execution {
    pub(crate) fn new(accepted: Accepted) -> Self {
        let takes_stdin = accepted.stdin.is_some();
        let live = Live {
            started: None,
            stop: watch::Sender::new(StopRequest::None),
            stdin: accepted.stdin,
            log: None,
            metadata: accepted.metadata,
        };
        Self {
            id: accepted.id,
            command: accepted.command.into_boxed_str(),
            command_type: accepted.command_type,
            created_at: accepted.created_at,
            extras: accepted.extras,
            takes_stdin,
            state: Mutex::new(State { life: Life::Live(Box::new(live)), waiters: Some(Arc::default()) }),
        }
    }

    pub(crate) fn status(&self) -> ExecutionStatus {
        self.lock().life.status()
    }

    pub(crate) fn metadata(&self) -> ExecutionMetadata {
        self.lock().life.metadata().clone()
    }

    pub(crate) fn own_log(&self) -> OwnLog {
        self.lock().life.own_log()
    }

    pub(crate) fn result(&self) -> Option<Arc<ExecutionResult>> {
        self.lock().life.result().cloned()
    }

    /// The result of an execution in which nothing ran.
    pub(crate) fn unstarted_result(
        &self,
        status: ExecutionStatus,
        error: Option<ExecutionFailure>,
    ) -> ExecutionResult {
        ExecutionResult {
            id: self.id,
            status,
            exit_code: None,
            signal: None,
            stdout: String::new(),
            stderr: String::new(),
            all: self.extras.all.then(String::new),
            raw: self.extras.raw.then(Box::default),
            stdout_bytes: 0,
            stderr_bytes: 0,
            stdout_truncated: false,
            stderr_truncated: false,
            duration_ms: 0,
            queued_ms: 0,
            started_at: None,
            completed_at: Utc::now(),
            error,
            log_path: None,
            output_files: OutputFiles::default(),
            output_files_incomplete: false,
            resource_usage: None,
            containment: Containment::None,
            leftover_processes: Vec::new(),
            output_incomplete: false,
            log_error: None,
            metadata: self.metadata(),
        }
    }

    /// The process has been spawned.
    pub(crate) fn set_started(&self, pid: u32, at: DateTime<Utc>, log: Option<LogPath>) {
        if let Life::Live(live) = &mut self.lock().life {
            live.log = log;
            live.started = Some(Started { pid, at, clock: Instant::now() });
        }
    }

    /// The first result counts; later ones are dropped.
    pub(crate) fn set_result(&self, result: &Arc<ExecutionResult>) -> bool {
        let mut state = self.lock();
        if state.life.result().is_some() {
            return false;
        }
        let lived = std::mem::replace(&mut state.life, Life::Ended(Arc::clone(result)));
        drop(state);
        // Outside the lock: dropping it wakes senders and receivers.
        drop(lived);
        true
    }

    /// Releases the waiting callers.
    pub(crate) fn release_waiters(&self) {
        let waiters = self.lock().waiters.take();
        if let Some(waiters) = waiters {
            waiters.notify_waiters();
        }
    }

    /// Resolves when the execution has ended and its terminal event was delivered.
    pub(crate) async fn completed(&self) -> Arc<ExecutionResult> {
        loop {
            let released = self.lock().waiters.clone().unwrap_or_default();
            let mut released = pin!(released.notified());
            // Registered before the check, so that a release in between is not missed.
            released.as_mut().enable();
            if let Some(result) = self.published_result() {
                return result;
            }
            released.await;
        }
    }

    fn published_result(&self) -> Option<Arc<ExecutionResult>> {
        let state = self.lock();
        state.life.result().filter(|_| state.waiters.is_none()).cloned()
    }

    /// Requests a graceful stop; a second call kills. True if it was still live.
    pub(crate) fn cancel(&self) -> bool {
        self.request_stop(
            |stop| if stop == StopRequest::None { StopRequest::Graceful } else { StopRequest::Force },
        )
    }

    /// Requests a stop of at least this urgency. True if it was still live.
    pub(crate) fn stop_at_least(&self, urgency: StopRequest) -> bool {
        self.request_stop(|stop| stop.max(urgency))
    }

    fn request_stop(&self, raise: impl FnOnce(StopRequest) -> StopRequest) -> bool {
        let state = self.lock();
        let Life::Live(live) = &state.life else { return false };
        // Sent only if it rises: repeating a request does not make it more urgent.
        live.stop.send_if_modified(|stop| std::mem::replace(stop, raise(*stop)) != *stop);
        true
    }

    /// Receives stop requests; none arrive after the end.
    pub(crate) fn stop_requests(&self) -> watch::Receiver<StopRequest> {
        match &self.lock().life {
            Life::Live(live) => live.stop.subscribe(),
            Life::Ended(_) => watch::Sender::new(StopRequest::None).subscribe(),
        }
    }

    /// The sender for the standard input, if that is a pipe; nothing arrives after the end.
    pub(crate) fn stdin(&self) -> Option<mpsc::Sender<StdinMessage>> {
        match &self.lock().life {
            Life::Live(live) => live.stdin.clone(),
            Life::Ended(_) => self.takes_stdin.then(|| mpsc::channel(1).0),
        }
    }

    pub(crate) fn summary(&self) -> ExecutionSummary {
        let state = self.lock();
        let common = ExecutionSummary {
            id: self.id,
            status: state.life.status(),
            command: self.command.to_string(),
            command_type: self.command_type.to_string(),
            pid: None,
            created_at: self.created_at,
            started_at: None,
            completed_at: None,
            exit_code: None,
            duration_ms: None,
            log_path: None,
            metadata: state.life.metadata().clone(),
        };
        match &state.life {
            Life::Live(live) => ExecutionSummary {
                pid: live.started.map(|started| started.pid),
                started_at: live.started.map(|started| started.at),
                duration_ms: live.started.map(|started| millis(started.clock.elapsed())),
                log_path: live.log.as_ref().and_then(LogPath::path),
                ..common
            },
            Life::Ended(result) => ExecutionSummary {
                started_at: result.started_at,
                completed_at: Some(result.completed_at),
                exit_code: result.exit_code,
                duration_ms: result.started_at.map(|_| result.duration_ms),
                log_path: result.log_path.clone(),
                ..common
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(stdin: Option<mpsc::Sender<StdinMessage>>) -> Execution {
        Execution::new(Accepted {
            id: Uuid::nil(),
            command: "true".to_owned(),
            command_type: "exec".into(),
            metadata: ExecutionMetadata { source: Some("test".to_owned()), ..ExecutionMetadata::default() },
            created_at: DateTime::UNIX_EPOCH,
            extras: Extras::default(),
            stdin,
        })
    }

    fn end(execution: &Execution) -> Arc<ExecutionResult> {
        let result = Arc::new(execution.unstarted_result(ExecutionStatus::Completed, None));
        assert!(execution.set_result(&result));
        execution.release_waiters();
        result
    }

    #[tokio::test]
    async fn resources_of_a_live_execution_are_released_at_its_end() {
        let (sender, mut messages) = mpsc::channel(1);
        let execution = execution(Some(sender));
        let mut stop = execution.stop_requests();
        end(&execution);
        assert!(messages.recv().await.is_none(), "the way to its standard input is gone");
        assert!(stop.changed().await.is_err(), "and the way to stop it");
        assert!(!execution.cancel());
        let stdin = execution.stdin().expect("it did read a pipe");
        assert!(stdin.send(StdinMessage::Close).await.is_err(), "where nothing is read any more");
    }

    #[tokio::test]
    async fn a_finished_execution_answers_from_its_result() {
        let execution = execution(None);
        assert_eq!(execution.status(), ExecutionStatus::Pending);
        let result = end(&execution);
        let summary = execution.summary();
        assert_eq!((summary.status, summary.completed_at), (result.status, Some(result.completed_at)));
        assert_eq!(summary.metadata.source.as_deref(), Some("test"));
        assert_eq!(execution.completed().await, result);
        assert!(execution.stdin().is_none());
    }

    /// Thousands are kept: apart from its result, an execution takes well below 1 KiB.
    #[test]
    fn a_finished_execution_takes_little_memory() {
        assert!(size_of::<Execution>() <= 112, "{}", size_of::<Execution>());
        assert!(size_of::<ExecutionResult>() <= 448, "{}", size_of::<ExecutionResult>());
    }
}
