//! The configuration as JavaScript gives it. Defaults and ranges are the engine's.

use execution_engine::{EngineError, ExecutionConfig, InvalidField};
use napi_derive::napi;

use crate::number::whole;
use crate::request::named;

/// Each field optional; names and defaults as in `ExecutionConfig` of the public API.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct NativeConfig {
    pub default_timeout_ms: Option<f64>,
    pub max_timeout_ms: Option<f64>,
    pub kill_grace_ms: Option<f64>,
    pub max_concurrent_executions: Option<f64>,
    pub max_queued_executions: Option<f64>,
    pub max_output_size_bytes: Option<f64>,
    pub oversized_output: Option<String>,
    pub retain_output: Option<String>,
    pub stream_output: Option<bool>,
    pub log_dir: Option<String>,
    pub logging: Option<bool>,
    pub max_log_size_bytes: Option<f64>,
    pub max_log_files: Option<f64>,
    pub execution_retention_secs: Option<f64>,
    pub max_retained_executions: Option<f64>,
    pub log_retention_secs: Option<f64>,
    pub cleanup_interval_secs: Option<f64>,
    pub secrets: Option<Vec<String>>,
}

impl TryFrom<NativeConfig> for ExecutionConfig {
    type Error = EngineError;

    fn try_from(native: NativeConfig) -> Result<Self, EngineError> {
        let default = Self::default();
        let number =
            |field, value: Option<f64>, default: u64| value.map_or(Ok(default), |value| whole(field, value));
        let count = |field, value, default: usize| {
            let value = number(field, value, default as u64)?;
            usize::try_from(value).map_err(|_| InvalidField::new(field, value, "too large for this system"))
        };
        let convert = || {
            Ok(Self {
                default_timeout_ms: number(
                    "default_timeout_ms",
                    native.default_timeout_ms,
                    default.default_timeout_ms,
                )?,
                max_timeout_ms: number("max_timeout_ms", native.max_timeout_ms, default.max_timeout_ms)?,
                kill_grace_ms: number("kill_grace_ms", native.kill_grace_ms, default.kill_grace_ms)?,
                max_concurrent_executions: count(
                    "max_concurrent_executions",
                    native.max_concurrent_executions,
                    default.max_concurrent_executions,
                )?,
                max_queued_executions: count(
                    "max_queued_executions",
                    native.max_queued_executions,
                    default.max_queued_executions,
                )?,
                max_output_size_bytes: number(
                    "max_output_size_bytes",
                    native.max_output_size_bytes,
                    default.max_output_size_bytes,
                )?,
                oversized_output: named("oversized_output", native.oversized_output)?
                    .unwrap_or(default.oversized_output),
                retain_output: named("retain_output", native.retain_output)?.unwrap_or(default.retain_output),
                stream_output: native.stream_output.unwrap_or(default.stream_output),
                log_dir: native.log_dir.map(Into::into).or(default.log_dir),
                logging: native.logging.unwrap_or(default.logging),
                max_log_size_bytes: number(
                    "max_log_size_bytes",
                    native.max_log_size_bytes,
                    default.max_log_size_bytes,
                )?,
                max_log_files: count("max_log_files", native.max_log_files, default.max_log_files)?,
                execution_retention_secs: number(
                    "execution_retention_secs",
                    native.execution_retention_secs,
                    default.execution_retention_secs,
                )?,
                max_retained_executions: count(
                    "max_retained_executions",
                    native.max_retained_executions,
                    default.max_retained_executions,
                )?,
                log_retention_secs: number(
                    "log_retention_secs",
                    native.log_retention_secs,
                    default.log_retention_secs,
                )?,
                cleanup_interval_secs: number(
                    "cleanup_interval_secs",
                    native.cleanup_interval_secs,
                    default.cleanup_interval_secs,
                )?,
                secrets: native.secrets.unwrap_or_default(),
            })
        };
        convert().map_err(EngineError::InvalidConfig)
    }
}
