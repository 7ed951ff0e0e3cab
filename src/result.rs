//! Results and summaries on their way to JavaScript.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use execution_engine::{ExecutionResult, ExecutionSummary, LeftoverProcess};
use napi::bindgen_prelude::{Buffer, Either, Null};
use napi_derive::napi;

use crate::number::to_js;
use crate::request::NativeMetadata;
use crate::retained_output::RetainedOutput;

/// How an execution ended.
#[napi(object, object_from_js = false)]
pub struct NativeResult {
    pub id: String,
    #[napi(ts_type = "'completed' | 'failed' | 'cancelled' | 'timeout' | 'interrupted'")]
    pub status: String,
    pub exit_code: Either<i32, Null>,
    pub signal: Either<String, Null>,
    #[napi(ts_type = "string")]
    pub stdout: RetainedOutput,
    #[napi(ts_type = "string")]
    pub stderr: RetainedOutput,
    #[napi(ts_type = "string")]
    pub all: Option<RetainedOutput>,
    pub raw: Option<NativeRawOutput>,
    pub stdout_bytes: f64,
    pub stderr_bytes: f64,
    pub stdout_truncated: bool,
    pub stderr_truncated: bool,
    pub duration_ms: f64,
    pub queued_ms: f64,
    pub started_at: Either<String, Null>,
    pub completed_at: String,
    pub error: Either<NativeExecutionError, Null>,
    pub log_path: Either<String, Null>,
    pub output_files: NativeOutputFiles,
    pub output_files_incomplete: bool,
    pub resource_usage: Either<NativeResourceUsage, Null>,
    #[napi(ts_type = "'none' | 'group' | 'job'")]
    pub containment: String,
    pub leftover_processes: Vec<NativeProcess>,
    pub output_incomplete: bool,
    pub log_error: Either<String, Null>,
    pub metadata: NativeMetadata,
}

/// Why an execution did not complete.
#[napi(object, object_from_js = false)]
pub struct NativeExecutionError {
    #[napi(ts_type = "'PROGRAM_NOT_FOUND' | 'PERMISSION_DENIED' | 'NOT_EXECUTABLE' | \
            'WORKING_DIR_NOT_FOUND' | 'ARGUMENTS_TOO_LONG' | 'RESOURCE_EXHAUSTED' | \
            'SPAWN_FAILED' | 'NON_ZERO_EXIT' | 'NEEDS_TERMINAL' | 'KILLED_BY_SIGNAL' | \
            'OUTPUT_SIZE_EXCEEDED' | 'TIMEOUT' | 'CANCELLED' | 'INTERRUPTED' | 'EXIT_STATUS_LOST' | \
            'INTERNAL'")]
    pub code: String,
    pub message: String,
}

/// What memory kept of the output, as bytes.
#[napi(object, object_from_js = false)]
pub struct NativeRawOutput {
    pub stdout: Buffer,
    pub stderr: Buffer,
    pub all: Option<Buffer>,
}

/// Files with the bytes of a stream.
#[napi(object, object_from_js = false)]
pub struct NativeOutputFiles {
    pub stdout: Option<String>,
    pub stderr: Option<String>,
}

/// CPU time and memory.
#[napi(object, object_from_js = false)]
pub struct NativeResourceUsage {
    pub user_cpu_ms: f64,
    pub system_cpu_ms: f64,
    pub max_rss_bytes: Either<f64, Null>,
}

/// A process that outlived its execution.
#[napi(object, object_from_js = false)]
pub struct NativeProcess {
    pub pid: u32,
    pub name: String,
}

/// Everything about an execution but its output.
#[napi(object, object_from_js = false)]
pub struct NativeSummary {
    pub id: String,
    #[napi(
        ts_type = "'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout' | 'interrupted'"
    )]
    pub status: String,
    pub command: String,
    #[napi(ts_type = "'exec' | 'shell' | 'script' | 'aws_cli'")]
    pub command_type: String,
    pub pid: Either<u32, Null>,
    pub created_at: String,
    pub started_at: Either<String, Null>,
    pub completed_at: Either<String, Null>,
    pub exit_code: Either<i32, Null>,
    pub duration_ms: Either<f64, Null>,
    pub log_path: Either<String, Null>,
    pub metadata: NativeMetadata,
}

/// `null` for `None`: a missing key would read as `undefined`.
pub fn nullable<T>(value: Option<T>) -> Either<T, Null> {
    value.map_or(Either::B(Null), Either::A)
}

/// ISO 8601 in UTC, to the millisecond, like JavaScript's own `toISOString`.
pub fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn path(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

impl From<&Arc<ExecutionResult>> for NativeResult {
    fn from(result: &Arc<ExecutionResult>) -> Self {
        let retained = |text| RetainedOutput { result: Arc::clone(result), text };
        Self {
            id: result.id.to_string(),
            status: result.status.as_str().to_owned(),
            exit_code: nullable(result.exit_code),
            signal: nullable(result.signal.clone()),
            stdout: retained(|result| &result.stdout),
            stderr: retained(|result| &result.stderr),
            all: result.all.is_some().then(|| retained(|result| result.all.as_deref().unwrap_or_default())),
            raw: result.raw.as_ref().map(|raw| NativeRawOutput {
                stdout: raw.stdout.clone().into(),
                stderr: raw.stderr.clone().into(),
                all: result.all.is_some().then(|| raw.all.clone().into()),
            }),
            stdout_bytes: to_js(result.stdout_bytes),
            stderr_bytes: to_js(result.stderr_bytes),
            stdout_truncated: result.stdout_truncated,
            stderr_truncated: result.stderr_truncated,
            duration_ms: to_js(result.duration_ms),
            queued_ms: to_js(result.queued_ms),
            started_at: nullable(result.started_at.map(iso)),
            completed_at: iso(result.completed_at),
            error: nullable(result.error.as_ref().map(|error| NativeExecutionError {
                code: error.code.as_str().to_owned(),
                message: error.message.clone(),
            })),
            log_path: nullable(result.log_path.as_deref().map(path)),
            output_files: NativeOutputFiles {
                stdout: result.output_files.stdout.as_deref().map(path),
                stderr: result.output_files.stderr.as_deref().map(path),
            },
            output_files_incomplete: result.output_files_incomplete,
            resource_usage: nullable(result.resource_usage.map(|usage| NativeResourceUsage {
                user_cpu_ms: to_js(usage.user_cpu_ms),
                system_cpu_ms: to_js(usage.system_cpu_ms),
                max_rss_bytes: nullable(usage.max_rss_bytes.map(to_js)),
            })),
            containment: result.containment.as_str().to_owned(),
            leftover_processes: result.leftover_processes.iter().map(NativeProcess::from).collect(),
            output_incomplete: result.output_incomplete,
            log_error: nullable(result.log_error.clone()),
            metadata: (&result.metadata).into(),
        }
    }
}

impl From<&LeftoverProcess> for NativeProcess {
    fn from(process: &LeftoverProcess) -> Self {
        Self { pid: process.pid, name: process.name.clone() }
    }
}

impl From<&ExecutionSummary> for NativeSummary {
    fn from(summary: &ExecutionSummary) -> Self {
        Self {
            id: summary.id.to_string(),
            status: summary.status.as_str().to_owned(),
            command: summary.command.clone(),
            command_type: summary.command_type.clone(),
            pid: nullable(summary.pid),
            created_at: iso(summary.created_at),
            started_at: nullable(summary.started_at.map(iso)),
            completed_at: nullable(summary.completed_at.map(iso)),
            exit_code: nullable(summary.exit_code),
            duration_ms: nullable(summary.duration_ms.map(to_js)),
            log_path: nullable(summary.log_path.as_deref().map(path)),
            metadata: (&summary.metadata).into(),
        }
    }
}
