//! What the first line of a log says about an execution.

use chrono::{DateTime, Utc};
use execution_log::{ByteCounts, LogHeader, LogHost};

use crate::command;
use crate::output::Secrets;
use crate::process::host_identity;
use crate::registry::Execution;
use crate::request::ExecutionRequest;

/// Secrets are masked; of the environment, only names are written.
pub(crate) fn log_header(
    execution: &Execution,
    request: &ExecutionRequest,
    secrets: &Secrets,
    (pid, pid_start_time): (u32, Option<u64>),
    started_at: DateTime<Utc>,
) -> LogHeader {
    let mask = |text: &str| secrets.mask(text).into_owned();
    let host = host_identity();
    LogHeader {
        id: execution.id,
        part: 1,
        started_at,
        command: execution.command.to_string(),
        command_type: execution.command_type.to_string(),
        argv: command::argv(request).iter().map(|arg| mask(arg)).collect(),
        working_dir: request.working_dir.as_ref().map(|dir| mask(&dir.to_string_lossy())),
        env_names: request.env.keys().map(|name| mask(name)).collect(),
        pid,
        pid_start_time,
        host: LogHost {
            pid: host.pid,
            start_time: host.start_time,
            boot_id: host.boot_id,
            os: std::env::consts::OS.to_owned(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        metadata: execution.metadata(),
        offsets: ByteCounts::default(),
    }
}
