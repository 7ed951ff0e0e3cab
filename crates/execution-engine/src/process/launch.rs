//! Spawns one process on the spawner thread, and registers it with a runtime afterwards.

use std::io;

use super::os::{self, ExecutionChild, ExitWatch, PipeReader, PipeWriter, Process};
use super::spec::{SpawnSpec, StdinMode};
use crate::error::{ExecutionFailure, FailureCode};

/// Advice when a process cannot be watched.
const WATCH_HINT: &str = if cfg!(unix) {
    "Raise the limit on open files or threads (`ulimit -n`, `ulimit -u`), or run less at once"
} else {
    "Run less at once"
};

/// A spawned process with the host's ends of its pipes.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) child: ExecutionChild,
    pub(crate) stdin: Option<PipeWriter>,
    pub(crate) stdout: PipeReader,
    pub(crate) stderr: PipeReader,
}

/// A running process that is not registered with a runtime yet. Dropping it kills and reaps it.
#[derive(Debug)]
pub(super) struct Launched {
    process: Process,
    stdin: Option<os::PipeEnd>,
    stdout: os::PipeEnd,
    stderr: os::PipeEnd,
}

/// Spawns the process.
pub(super) fn launch(spec: &SpawnSpec) -> io::Result<Launched> {
    let (stdout, child_stdout) = os::output_pipe()?;
    let (stderr, child_stderr) = os::output_pipe()?;
    let (stdin, child_stdin) = match spec.stdin {
        StdinMode::Null => (None, os::no_input()?),
        StdinMode::Pipe => {
            let (ours, childs) = os::input_pipe()?;
            (Some(ours), childs)
        }
    };
    // The child's ends are dropped there. A copy kept here would hold back the end of file.
    let process = os::start(spec, [child_stdin, child_stdout, child_stderr])?;
    Ok(Launched { process, stdin, stdout, stderr })
}

impl Launched {
    /// Registers the pipes and the exit with the runtime of the calling task.
    ///
    /// # Errors
    /// When the runtime cannot watch them. The process is then killed and reaped.
    pub(super) fn register(self) -> Result<Spawned, ExecutionFailure> {
        self.register_with(Process::watch_exit)
    }

    pub(super) fn register_with(
        self,
        watch_exit: impl FnOnce(&Process) -> io::Result<ExitWatch>,
    ) -> Result<Spawned, ExecutionFailure> {
        let Self { process, stdin, stdout, stderr } = self;
        let register = move || {
            Ok(Spawned {
                stdin: stdin.map(os::pipe_writer).transpose()?,
                stdout: PipeReader::new(stdout)?,
                stderr: PipeReader::new(stderr)?,
                child: ExecutionChild::new(watch_exit(&process)?, process),
            })
        };
        register().map_err(|error: io::Error| {
            ExecutionFailure::new(
                FailureCode::ResourceExhausted,
                format!(
                    "the process was started but could not be watched, so it was stopped: {error}. \
                     {WATCH_HINT}"
                ),
            )
        })
    }
}
