//! After a crash: what was cut off, and what survived.
//!
//! Processes that survived an interrupted log are identified by the mark in their environment, or by the id
//! *and* start time that the log names. A reused id is never mistaken for one of ours. A log alone proves
//! nothing: only what carries the mark is ever killed.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use execution_log::names::part_name;
use execution_log::process::is_same_process;
use execution_log::{
    ByteCounts, LogFolder, LogFooter, LogHeader, LogInfo, LogPosition, LogReader, LogRecordKind, LogState,
};
use serde::Serialize;
use uuid::Uuid;

use super::ExecutionEngine;
use super::inner::Inner;
use crate::error::{EngineError, ExecutionFailure, FailureCode};
use crate::log::end_interrupted;
use crate::output::BoundedBuffer;
use crate::per_stream::PerStream;
use crate::process;
use crate::registry::{Accepted, Execution};
use crate::result::{ExecutionResult, ExecutionStatus, Extras, LeftoverProcess};
use crate::setters::setters;

/// What recovery may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Kill processes that survived. Otherwise they are only listed.
    pub stop_survivors: bool,
}

/// Chainable setters.
impl RecoverOptions {
    setters! { stop_survivors: bool }
}

/// An execution that was cut off by the death of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecoveredExecution {
    /// The execution. The engine holds its result from now on, with status `interrupted`.
    pub id: Uuid,
    /// The command as one would type it, secrets masked.
    pub command: String,
    /// When its process started.
    pub started_at: DateTime<Utc>,
    /// The first part of its log.
    pub log_path: PathBuf,
    /// Its processes that were still running.
    pub survivors: Vec<LeftoverProcess>,
    /// Whether all of them were killed. Only processes that carry the execution's id in their environment
    /// are, and none while the host lives.
    pub survivors_stopped: bool,
}

impl ExecutionEngine {
    /// Finds what earlier engines on this log folder left when their program died: marks their logs as
    /// interrupted, retains them as results, and lists or kills surviving processes.
    ///
    /// Logs that are still written are left alone. The list is empty when nothing is found.
    ///
    /// # Errors
    /// [`EngineError::LogFolderUnreadable`] when the folder cannot be read.
    pub async fn recover(&self, options: RecoverOptions) -> Result<Vec<RecoveredExecution>, EngineError> {
        let inner = Arc::clone(&self.inner);
        self.inner.with_log_folder(move |folder| inner.recover(folder, options)).await
    }
}

/// The processes of an interrupted execution.
struct Survivors {
    /// Those that carry its mark.
    marked: Vec<LeftoverProcess>,
    /// Its leader, if that is known by its id and start time only.
    unmarked_leader: Option<LeftoverProcess>,
}

impl Survivors {
    fn find(header: &LogHeader) -> Self {
        // Start times count from boot, so they mean nothing after a reboot.
        if !header.host.is_of_this_boot() {
            return Self { marked: Vec::new(), unmarked_leader: None };
        }
        let marked = process::marked_processes(&process::marker(header.id));
        let is_unmarked = marked.iter().all(|process| process.pid != header.pid)
            && is_same_process(header.pid, header.pid_start_time);
        let leader = || LeftoverProcess { pid: header.pid, name: header.command.clone() };
        Self { marked, unmarked_leader: is_unmarked.then(leader) }
    }

    /// Kills the processes that carry the mark. True if none is left.
    fn stop(&self, header: &LogHeader) -> bool {
        // The log may be a copy. A host that lives supervises its processes itself.
        if header.host.is_running() {
            return false;
        }
        if self.marked.iter().any(|process| process.pid == header.pid) {
            process::kill_group_of(header.pid, header.pid_start_time);
        }
        process::kill_marked(&process::marker(header.id)).is_empty() && self.unmarked_leader.is_none()
    }
}

impl Inner {
    fn recover(&self, folder: &LogFolder, options: RecoverOptions) -> io::Result<Vec<RecoveredExecution>> {
        let mut recovered = Vec::new();
        for log in folder.logs()? {
            let Some(header) = log.header.as_ref().filter(|_| log.state == LogState::Interrupted) else {
                continue;
            };
            if self.registry.is_live(log.id) {
                continue;
            }
            match self.recover_one(folder, &log, header, options) {
                Ok(found) => recovered.extend(found),
                // One log that cannot be read or ended must not hide the others.
                Err(error) => {
                    tracing::warn!(id = %log.id, %error, "an interrupted log could not be recovered");
                }
            }
        }
        recovered.sort_by_key(|found| (found.started_at, found.id));
        Ok(recovered)
    }

    fn recover_one(
        &self,
        folder: &LogFolder,
        log: &LogInfo,
        header: &LogHeader,
        options: RecoverOptions,
    ) -> io::Result<Option<RecoveredExecution>> {
        let execution = Execution::new(Accepted {
            id: header.id,
            command: header.command.clone(),
            command_type: header.command_type.clone().into(),
            metadata: header.metadata.clone(),
            created_at: header.started_at,
            extras: Extras::default(),
            stdin: None,
        });
        let result = self.interrupted_result(folder, header, &execution)?;
        if !end_interrupted(folder, log, &LogFooter::from(&result))? {
            return Ok(None);
        }
        let survivors = Survivors::find(header);
        let are_stopped = options.stop_survivors && survivors.stop(header);
        let survivors: Vec<_> = survivors.marked.into_iter().chain(survivors.unmarked_leader).collect();
        let found = RecoveredExecution {
            id: header.id,
            command: header.command.clone(),
            started_at: header.started_at,
            log_path: result.log_path.clone().unwrap_or_default(),
            survivors_stopped: are_stopped && !survivors.is_empty(),
            survivors,
        };
        execution.set_result(&Arc::new(result));
        execution.release_waiters();
        // Known already: this engine recovered it before.
        let _ = self.registry.insert_finished(&Arc::new(execution));
        Ok(Some(found))
    }

    /// The output that the log has, under the current limits.
    fn interrupted_result(
        &self,
        folder: &LogFolder,
        header: &LogHeader,
        execution: &Execution,
    ) -> io::Result<ExecutionResult> {
        let mut kept = PerStream::from_fn(|| {
            BoundedBuffer::new(self.config.max_output_size_bytes, self.config.retain_output)
        });
        let mut last = header.started_at;
        for record in LogReader::open_in(folder, header.id, LogPosition::START)? {
            let record = record?;
            last = record.timestamp;
            if let LogRecordKind::Output { stream, bytes, partial } = record.kind {
                let buffer = &mut kept[stream];
                buffer.push(&bytes);
                buffer.push(if partial { b"" } else { b"\n" });
            }
        }
        let PerStream { stdout, stderr } = kept;
        let why = if header.host.is_running() { "stopped writing its log" } else { "ended" };
        let message = format!("`{}` was cut off when the program that ran it {why}", header.command);
        let note = |left_out: u64| format!("[... {left_out} bytes left out; they are in the log ...]");
        let bytes = ByteCounts { stdout: stdout.total(), stderr: stderr.total() };
        Ok(ExecutionResult {
            stdout_bytes: bytes.stdout,
            stderr_bytes: bytes.stderr,
            stdout_truncated: stdout.is_truncated(),
            stderr_truncated: stderr.is_truncated(),
            stdout: stdout.into_text(&note),
            stderr: stderr.into_text(&note),
            started_at: Some(header.started_at),
            completed_at: last,
            duration_ms: u64::try_from((last - header.started_at).num_milliseconds()).unwrap_or(0),
            log_path: Some(folder.path().join(part_name(header.id, 1))),
            output_incomplete: true,
            ..execution.unstarted_result(
                ExecutionStatus::Interrupted,
                Some(ExecutionFailure::new(FailureCode::Interrupted, message)),
            )
        })
    }
}
