//! [`ExecutionConfig`]: the limits and folders of one engine, with the defaults.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{EngineError, InvalidField};
use crate::limits::{
    MAX_KILL_GRACE_MS, MAX_OUTPUT_SIZE_BYTES, OversizedOutputStrategy, RetainOutput, check_secrets, in_range,
};

use crate::setters::setters;

const YEAR_SECS: u64 = 365 * 24 * 3600;
const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// How an engine behaves unless a request says otherwise.
///
/// ```
/// use execution_engine::ExecutionConfig;
///
/// let config = ExecutionConfig::default().max_concurrent_executions(4).log_dir("/var/log/commands");
/// assert!(config.validate().is_ok());
/// assert!(config.kill_grace_ms(u64::MAX).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ExecutionConfig {
    /// Timeout of a request that names none, in milliseconds. Default 120 000.
    pub default_timeout_ms: u64,
    /// The longest timeout a request may ask for, in milliseconds. Default 600 000.
    pub max_timeout_ms: u64,
    /// Time between SIGTERM and SIGKILL, in milliseconds. Default 5 000.
    pub kill_grace_ms: u64,
    /// How many run at once; the rest wait, first in first out. Default 10.
    pub max_concurrent_executions: usize,
    /// How many may wait. Default 10 000.
    pub max_queued_executions: usize,
    /// How much of each stream memory keeps, in bytes. Default 10 MiB.
    pub max_output_size_bytes: u64,
    /// What happens to output above that. Default: keep a part, note what is missing, go on.
    pub oversized_output: OversizedOutputStrategy,
    /// Which part memory keeps. Default: the first and the last half.
    pub retain_output: RetainOutput,
    /// Size at which a file of a whole stream ends, under [`StreamToFile`](OversizedOutputStrategy), in
    /// bytes. The child goes on. Default 10 GiB.
    pub max_spill_bytes: u64,
    /// What the disk of the log folder keeps free, in bytes: files of whole streams end before there is less,
    /// and a log then keeps two parts only. Default 1 GiB.
    pub min_free_bytes: u64,
    /// Whether lines reach the event handler. Default true.
    pub stream_output: bool,
    /// Where logs go. Default: `cloudops-executions` in the system's temporary folder, or a per-user folder
    /// beside it if that one belongs to another user.
    pub log_dir: Option<PathBuf>,
    /// Whether logs are written at all. Default true.
    pub logging: bool,
    /// Size at which a log goes on in a new part, in bytes. Default 100 MiB.
    pub max_log_size_bytes: u64,
    /// How many parts of one log are kept: the first one always, then the newest. At least 2. Default 5.
    pub max_log_files: usize,
    /// How long a finished execution is retained in memory, in seconds. Default 3 600.
    pub execution_retention_secs: u64,
    /// How many finished executions are retained. Default 1 000.
    pub max_retained_executions: usize,
    /// How long logs stay on disk after their last write, in seconds. Default 7 days.
    pub log_retention_secs: u64,
    /// How often the cleanup task runs, in seconds. Default 300.
    pub cleanup_interval_secs: u64,
    /// Masked as `***` in all output of every execution. Default none.
    pub secrets: Vec<String>,
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self {
            default_timeout_ms: 120_000,
            max_timeout_ms: 600_000,
            kill_grace_ms: 5_000,
            max_concurrent_executions: 10,
            max_queued_executions: 10_000,
            max_output_size_bytes: 10 * MIB,
            oversized_output: OversizedOutputStrategy::default(),
            retain_output: RetainOutput::default(),
            max_spill_bytes: 10 * GIB,
            min_free_bytes: GIB,
            stream_output: true,
            log_dir: None,
            logging: true,
            max_log_size_bytes: 100 * MIB,
            max_log_files: 5,
            execution_retention_secs: 3_600,
            max_retained_executions: 1_000,
            log_retention_secs: 7 * 24 * 3600,
            cleanup_interval_secs: 300,
            secrets: Vec::new(),
        }
    }
}

/// Chainable setters.
impl ExecutionConfig {
    setters! {
        default_timeout_ms: u64,
        max_timeout_ms: u64,
        kill_grace_ms: u64,
        max_concurrent_executions: usize,
        max_queued_executions: usize,
        max_output_size_bytes: u64,
        oversized_output: OversizedOutputStrategy,
        retain_output: RetainOutput,
        max_spill_bytes: u64,
        min_free_bytes: u64,
        stream_output: bool,
        logging: bool,
        max_log_size_bytes: u64,
        max_log_files: usize,
        execution_retention_secs: u64,
        max_retained_executions: usize,
        log_retention_secs: u64,
        cleanup_interval_secs: u64,
    }

    /// Sets [`log_dir`](#structfield.log_dir).
    #[must_use]
    pub fn log_dir(mut self, log_dir: impl Into<PathBuf>) -> Self {
        self.log_dir = Some(log_dir.into());
        self
    }

    /// Sets [`secrets`](#structfield.secrets).
    #[must_use]
    pub fn secrets<S: Into<String>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        self.secrets = secrets.into_iter().map(Into::into).collect();
        self
    }
}

impl ExecutionConfig {
    /// Checks every value against what is allowed.
    ///
    /// # Errors
    /// [`EngineError::InvalidConfig`] names the first bad field, its value and the allowed range.
    pub fn validate(&self) -> Result<(), EngineError> {
        let ranges: [(&str, u64, u64, u64); 13] = [
            ("max_timeout_ms", self.max_timeout_ms, 1, YEAR_SECS * 1000),
            ("default_timeout_ms", self.default_timeout_ms, 1, self.max_timeout_ms),
            ("kill_grace_ms", self.kill_grace_ms, 0, MAX_KILL_GRACE_MS),
            ("max_concurrent_executions", self.max_concurrent_executions as u64, 1, 100_000),
            ("max_queued_executions", self.max_queued_executions as u64, 0, 10_000_000),
            ("max_output_size_bytes", self.max_output_size_bytes, 0, MAX_OUTPUT_SIZE_BYTES),
            ("max_spill_bytes", self.max_spill_bytes, 0, 1 << 53),
            ("min_free_bytes", self.min_free_bytes, 0, 1 << 53),
            ("max_log_size_bytes", self.max_log_size_bytes, 4096, 1 << 53),
            ("max_log_files", self.max_log_files as u64, 2, 10_000),
            ("max_retained_executions", self.max_retained_executions as u64, 0, 10_000_000),
            ("execution_retention_secs", self.execution_retention_secs, 0, 100 * YEAR_SECS),
            ("log_retention_secs", self.log_retention_secs, 0, 100 * YEAR_SECS),
        ];
        for (field, value, min, max) in ranges {
            in_range(field, value, min, max).map_err(EngineError::InvalidConfig)?;
        }
        in_range("cleanup_interval_secs", self.cleanup_interval_secs, 1, YEAR_SECS)
            .map_err(EngineError::InvalidConfig)?;
        check_secrets(&self.secrets).map_err(EngineError::InvalidConfig)?;
        match &self.log_dir {
            Some(dir) if dir.as_os_str().is_empty() => {
                Err(EngineError::InvalidConfig(InvalidField::new("log_dir", "empty", "the path of a folder")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(ExecutionConfig::default().validate(), Ok(()));
    }

    #[test]
    fn a_default_timeout_above_the_maximum_is_refused() {
        let config = ExecutionConfig::default().default_timeout_ms(600_001);
        let error = config.validate().unwrap_err();
        assert_eq!(error.code(), "INVALID_CONFIG");
        assert!(error.to_string().contains("`default_timeout_ms` is 600001"), "{error}");
    }

    #[test]
    fn a_secret_of_one_character_is_refused_without_showing_it() {
        let config = ExecutionConfig::default().secrets(["ok", "é"]);
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("secrets[1]") && !error.contains('é'), "{error}");
    }
}
