//! Events, logs, cleanup, recovery and metrics on their way to JavaScript.

use execution_engine::{
    CleanupReport, EngineMetrics, EventKind, LogPage, LogPosition, LogRecord, LogRecordKind,
    RecoveredExecution,
};
use napi::bindgen_prelude::{Buffer, Either, Null};
use napi_derive::napi;

use crate::number::to_js;
use crate::result::{NativeProcess, NativeResult, iso, nullable};

/// Any event that is not a line.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeEvent {
    #[napi(
        ts_type = "'queued' | 'started' | 'output_truncated' | 'warning' | 'completed' | 'failed' | 'cancelled' | \
            'timeout'"
    )]
    pub r#type: String,
    pub pid: Option<u32>,
    pub command: Option<String>,
    #[napi(ts_type = "'stdout' | 'stderr'")]
    pub stream: Option<String>,
    pub limit_bytes: Option<f64>,
    pub message: Option<String>,
    pub result: Option<NativeResult>,
}

/// One line of a log.
#[napi(object, object_from_js = false)]
pub struct NativeLogRecord {
    pub timestamp: String,
    #[napi(ts_type = "'output' | 'event'")]
    pub r#type: String,
    #[napi(ts_type = "'stdout' | 'stderr'")]
    pub stream: Option<String>,
    pub text: Option<String>,
    pub bytes: Option<Buffer>,
    pub partial: Option<bool>,
    /// JSON.
    pub event: Option<String>,
}

/// A page of a log.
#[napi(object, object_from_js = false)]
pub struct NativeLogPage {
    pub records: Vec<NativeLogRecord>,
    pub next: String,
    pub at_end: bool,
    pub has_ended: bool,
}

/// What a cleanup removed.
#[napi(object, object_from_js = false)]
pub struct NativeCleanupReport {
    pub executions: f64,
    pub files: f64,
    pub bytes: f64,
}

/// An execution that was cut off by the death of its host.
#[napi(object, object_from_js = false)]
pub struct NativeRecovered {
    pub id: String,
    pub command: String,
    pub started_at: String,
    pub log_path: String,
    pub survivors: Vec<NativeProcess>,
    pub survivors_stopped: bool,
}

/// How busy an engine is.
#[napi(object, object_from_js = false)]
pub struct NativeMetrics {
    pub pending: f64,
    pub running: f64,
    pub finished: f64,
    pub log_dir: Either<String, Null>,
}

impl From<EventKind> for NativeEvent {
    fn from(kind: EventKind) -> Self {
        let named = Self { r#type: kind.name().to_owned(), ..Self::default() };
        if let Some(result) = kind.result() {
            return Self { result: Some(result.into()), ..named };
        }
        match kind {
            EventKind::Started { pid, command } => Self { pid: Some(pid), command: Some(command), ..named },
            EventKind::OutputTruncated { stream, limit_bytes } => Self {
                stream: Some(stream.as_str().to_owned()),
                limit_bytes: Some(to_js(limit_bytes)),
                ..named
            },
            EventKind::Warning { message } => Self { message: Some(message), ..named },
            // The name is enough; lines cross as text, never as events.
            _ => named,
        }
    }
}

impl NativeLogPage {
    /// The end of the log.
    pub(crate) fn end(at: LogPosition) -> Self {
        Self { records: Vec::new(), next: at.to_string(), at_end: true, has_ended: true }
    }
}

impl From<LogPage> for NativeLogPage {
    fn from(page: LogPage) -> Self {
        Self {
            records: page.records.into_iter().map(Into::into).collect(),
            next: page.next.to_string(),
            at_end: page.at_end,
            has_ended: page.has_ended,
        }
    }
}

impl From<LogRecord> for NativeLogRecord {
    fn from(record: LogRecord) -> Self {
        let timestamp = iso(record.timestamp);
        match record.kind {
            LogRecordKind::Output { stream, bytes, partial } => Self {
                timestamp,
                r#type: "output".to_owned(),
                stream: Some(stream.as_str().to_owned()),
                text: Some(String::from_utf8_lossy(&bytes).into_owned()),
                bytes: Some(bytes.into()),
                partial: Some(partial),
                event: None,
            },
            other => Self {
                timestamp,
                r#type: "event".to_owned(),
                stream: None,
                text: None,
                bytes: None,
                partial: None,
                event: match other {
                    LogRecordKind::Event { event } => Some(event.to_string()),
                    _ => None,
                },
            },
        }
    }
}

impl From<CleanupReport> for NativeCleanupReport {
    fn from(report: CleanupReport) -> Self {
        Self {
            executions: to_js(report.executions as u64),
            files: to_js(report.files as u64),
            bytes: to_js(report.bytes),
        }
    }
}

impl From<RecoveredExecution> for NativeRecovered {
    fn from(found: RecoveredExecution) -> Self {
        Self {
            id: found.id.to_string(),
            command: found.command,
            started_at: iso(found.started_at),
            log_path: found.log_path.to_string_lossy().into_owned(),
            survivors: found.survivors.iter().map(NativeProcess::from).collect(),
            survivors_stopped: found.survivors_stopped,
        }
    }
}

impl From<EngineMetrics> for NativeMetrics {
    fn from(metrics: EngineMetrics) -> Self {
        Self {
            pending: to_js(metrics.pending as u64),
            running: to_js(metrics.running as u64),
            finished: to_js(metrics.finished as u64),
            log_dir: nullable(metrics.log_dir.map(|dir| dir.to_string_lossy().into_owned())),
        }
    }
}
