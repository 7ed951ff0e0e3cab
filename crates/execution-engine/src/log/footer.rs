//! What the last line of a log says about an execution.

use execution_log::{ByteCounts, LogFooter};

use crate::result::ExecutionResult;

/// What a result says; the writer fills in what only it knows.
impl From<&ExecutionResult> for LogFooter {
    fn from(result: &ExecutionResult) -> Self {
        Self {
            status: result.status,
            exit_code: result.exit_code,
            signal: result.signal.clone(),
            duration_ms: result.duration_ms,
            bytes: ByteCounts { stdout: result.stdout_bytes, stderr: result.stderr_bytes },
            dropped_bytes: 0,
            parts: 0,
            usage: result.resource_usage,
            error: result.error.clone(),
            crc32: None,
        }
    }
}
