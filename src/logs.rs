//! The state of a log, on its way to JavaScript.

use execution_engine::LogInfo;
use napi::bindgen_prelude::{Either, Null};
use napi_derive::napi;

use crate::number::to_js;
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
