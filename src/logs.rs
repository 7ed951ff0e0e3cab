//! Logs for JavaScript: their state, and their records while they are written.

use execution_engine::{EngineError, ExecutionEngine, InvalidField, LogInfo, LogPosition};
use napi::bindgen_prelude::{Either, Null, Result};
use napi_derive::napi;
use tokio::sync::watch;
use uuid::Uuid;

use crate::failure::{NativeFailure, answer};
use crate::number::to_js;
use crate::records::NativeLogPage;
use crate::result::{iso, nullable};

/// A log in the engine's folder.
#[napi(object, object_from_js = false)]
pub struct NativeLogInfo {
    pub id: String,
    #[napi(ts_type = "'running' | 'ended' | 'interrupted' | 'damaged'")]
    pub state: String,
    pub command: Either<String, Null>,
    pub started_at: Either<String, Null>,
    #[napi(ts_type = "'completed' | 'failed' | 'cancelled' | 'timeout' | 'interrupted' | null")]
    pub status: Either<String, Null>,
    pub exit_code: Either<i32, Null>,
    pub signal: Either<String, Null>,
    pub duration_ms: Either<f64, Null>,
    /// The existing parts, in order.
    pub paths: Vec<String>,
    pub bytes: f64,
    pub modified_at: String,
}

impl From<LogInfo> for NativeLogInfo {
    fn from(log: LogInfo) -> Self {
        let (header, footer) = (log.header.as_ref(), log.footer.as_ref());
        Self {
            id: log.id.to_string(),
            state: word(&log.state),
            command: nullable(header.map(|header| header.command.clone())),
            started_at: nullable(header.map(|header| iso(header.started_at))),
            status: nullable(footer.map(|footer| word(&footer.status))),
            exit_code: nullable(footer.and_then(|footer| footer.exit_code)),
            signal: nullable(footer.and_then(|footer| footer.signal.clone())),
            duration_ms: nullable(footer.map(|footer| to_js(footer.duration_ms))),
            paths: log.parts.iter().map(|part| part.path.to_string_lossy().into_owned()).collect(),
            bytes: to_js(log.bytes),
            modified_at: iso(log.modified),
        }
    }
}

/// A state or a status, as written in logs.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Reads a log that is being written.
#[napi]
pub struct NativeLogFollower {
    engine: ExecutionEngine,
    id: Uuid,
    is_stopped: watch::Sender<bool>,
}

impl NativeLogFollower {
    pub(crate) fn new(engine: ExecutionEngine, id: Uuid) -> Self {
        Self { engine, id, is_stopped: watch::Sender::new(false) }
    }
}

#[napi]
impl NativeLogFollower {
    /// At most `max` records from a position on, once there is one. A page without records is the end.
    #[napi]
    pub async fn next(&self, from: String, max: u32) -> Result<Either<NativeFailure, NativeLogPage>> {
        let from = match log_position(&from) {
            Ok(from) => from,
            Err(refused) => return Ok(Either::A(refused.into())),
        };
        let mut stopping = self.is_stopped.subscribe();
        tokio::select! {
            page = self.engine.follow_log_records(self.id, from, max as usize) => {
                Ok(answer(page.map(NativeLogPage::from)))
            }
            _ = stopping.wait_for(|is_stopped| *is_stopped) => Ok(Either::B(NativeLogPage::end(from))),
        }
    }

    /// Ends the iteration, even while `next` waits.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.is_stopped.send_replace(true);
    }
}

/// A position that JavaScript got from an earlier page.
pub(crate) fn log_position(from: &str) -> std::result::Result<LogPosition, EngineError> {
    let refused =
        |_| InvalidField::new("from", format!("\"{from}\""), "a position that an earlier page gave");
    from.parse().map_err(refused).map_err(EngineError::InvalidRequest)
}
