//! Why an execution did not complete, each with a stable code.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an execution did not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionFailure {
    /// The stable code.
    pub code: FailureCode,
    /// What was run, what happened, and how to fix it.
    pub message: String,
}

impl ExecutionFailure {
    /// A failure with this code, explained.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for ExecutionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExecutionFailure {}

/// Why an accepted execution did not end as `completed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum FailureCode {
    /// No such program on the PATH that was searched, or no file at the path given.
    ProgramNotFound,
    /// The operating system refused: no permission to execute, or to enter a folder on the way.
    PermissionDenied,
    /// There is a file, but it cannot be executed: no execute permission, a folder, an unknown format, or a
    /// `#!` line whose interpreter is missing.
    NotExecutable,
    /// The working folder is missing, or is not a folder.
    WorkingDirNotFound,
    /// Arguments and environment together, or one of them alone, exceed the system's limit.
    ArgumentsTooLong,
    /// No more processes, file descriptors or memory, even after a few retries.
    ResourceExhausted,
    /// Any other reason why the process could not be spawned.
    SpawnFailed,
    /// The program ended with an exit code other than 0.
    NonZeroExit,
    /// The program ended with an exit code other than 0 because it asked at a terminal, and an execution has
    /// none.
    NeedsTerminal,
    /// A signal that the engine did not send ended the program.
    KilledBySignal,
    /// More output than `max_output_size_bytes` under the `fail_execution` strategy.
    OutputSizeExceeded,
    /// The timeout passed.
    Timeout,
    /// `cancel` or a shutdown.
    Cancelled,
    /// The host died while it ran; `recover` found it.
    Interrupted,
    /// The process ended, but other code in the host took its exit status (a `waitpid(-1)`, or SIGCHLD set to
    /// be ignored).
    ExitStatusLost,
    /// A bug in the engine. The tree was stopped.
    Internal,
}

impl FailureCode {
    /// The stable code, e.g. `PROGRAM_NOT_FOUND`. Codes are never renamed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProgramNotFound => "PROGRAM_NOT_FOUND",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NotExecutable => "NOT_EXECUTABLE",
            Self::WorkingDirNotFound => "WORKING_DIR_NOT_FOUND",
            Self::ArgumentsTooLong => "ARGUMENTS_TOO_LONG",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::SpawnFailed => "SPAWN_FAILED",
            Self::NonZeroExit => "NON_ZERO_EXIT",
            Self::NeedsTerminal => "NEEDS_TERMINAL",
            Self::KilledBySignal => "KILLED_BY_SIGNAL",
            Self::OutputSizeExceeded => "OUTPUT_SIZE_EXCEEDED",
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::Interrupted => "INTERRUPTED",
            Self::ExitStatusLost => "EXIT_STATUS_LOST",
            Self::Internal => "INTERNAL",
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serialized_code_is_the_stable_code() {
        for code in [FailureCode::ProgramNotFound, FailureCode::ExitStatusLost, FailureCode::Internal] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
