//! What the last line of a log says about an execution.

use execution_log::{ByteCounts, LogFooter};

use super::header_bounds::shorten;
use crate::result::ExecutionResult;

/// Limit of an error's message, which quotes the command. The result has all of it.
const MAX_MESSAGE: usize = 16 * 1024;

/// From a result; the writer fills in what only it knows.
impl From<&ExecutionResult> for LogFooter {
    fn from(result: &ExecutionResult) -> Self {
        let mut footer = Self::new(result.status);
        footer.exit_code = result.exit_code;
        footer.signal.clone_from(&result.signal);
        footer.duration_ms = result.duration_ms;
        footer.bytes = ByteCounts { stdout: result.stdout_bytes, stderr: result.stderr_bytes };
        footer.usage = result.resource_usage;
        footer.error.clone_from(&result.error);
        if let Some(error) = &mut footer.error
            && let Some(cut) = shorten(&error.message, MAX_MESSAGE)
        {
            error.message = cut;
        }
        footer
    }
}
