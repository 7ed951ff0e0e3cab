//! What the first line of a log says about an execution.

use chrono::{DateTime, Utc};
use execution_log::{LogHeader, LogHost};

use crate::command;
use crate::output::Secrets;
use crate::registry::Execution;
use crate::request::ExecutionRequest;

/// Secrets are masked; the environment is listed by name only.
pub(crate) fn log_header(
    execution: &Execution,
    request: &ExecutionRequest,
    secrets: &Secrets,
    (pid, pid_start_time): (u32, Option<u64>),
    started_at: DateTime<Utc>,
) -> LogHeader {
    let mask = |text: &str| secrets.mask(text).into_owned();
    let host = LogHost::current(env!("CARGO_PKG_VERSION"));
    let mut header = LogHeader::new(execution.id, started_at, pid, host);
    header.command = execution.command.to_string();
    header.command_type = execution.command_type.to_string();
    header.argv = command::argv(request).iter().map(|arg| mask(arg)).collect();
    header.working_dir = request.working_dir.as_ref().map(|dir| mask(&dir.to_string_lossy()));
    header.env_names = request.env.keys().map(|name| mask(name)).collect();
    header.pid_start_time = pid_start_time;
    header.metadata = execution.metadata();
    header
}
