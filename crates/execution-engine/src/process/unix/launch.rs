//! Starts one process, on the spawner thread.

use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::child::{ExecutionChild, Process};
use super::exit_watch::ExitWatch;
use super::pipe::{PipeReader, PipeWriter};
use super::{guard, table};
use crate::error::FailureCode;
use crate::process::spec::{EXECUTION_ID_VAR, SpawnFailure, SpawnSpec, Spawned, StdinMode};

/// A running process that is not known to the runtime yet. Dropping it kills and reaps.
#[derive(Debug)]
pub(in crate::process) struct Launched {
    process: Process,
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

/// Starts the process. Everything here keeps std on its `posix_spawn` path.
pub(in crate::process) fn launch(spec: &SpawnSpec) -> io::Result<Launched> {
    guard::ensure();
    let (stdout, child_stdout) = pipe()?;
    let (stderr, child_stderr) = pipe()?;
    let (child_stdin, stdin) = match spec.stdin {
        StdinMode::Null => (Stdio::null(), None),
        StdinMode::Pipe => {
            let (reader, writer) = pipe()?;
            (reader.into(), Some(writer.into()))
        }
    };
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .env(EXECUTION_ID_VAR, spec.id.to_string())
        .stdin(child_stdin)
        .stdout(child_stdout)
        .stderr(child_stderr)
        .process_group(0);
    if let Some(arg0) = &spec.arg0 {
        command.arg0(arg0);
    }
    if let Some(dir) = &spec.working_dir {
        command.current_dir(dir);
    }
    let pid = command.spawn()?.id();
    // Owned from here on, before anything that can fail. (`command` goes now, and with it our copies of
    // the child's pipe ends: otherwise end of file would never come.)
    let process = Process::adopt(pid, table::look(pid).map(|info| info.start_time), spec.id);
    Ok(Launched { process, stdin, stdout: stdout.into(), stderr: stderr.into() })
}

impl Launched {
    /// Makes the pipes and the exit known to the runtime of the calling task.
    ///
    /// # Errors
    /// When the runtime cannot watch them. The process is then killed and reaped.
    pub(in crate::process) fn register(self) -> Result<Spawned, SpawnFailure> {
        self.register_with(ExitWatch::new)
    }

    pub(super) fn register_with(
        self,
        watch: impl FnOnce(u32) -> io::Result<ExitWatch>,
    ) -> Result<Spawned, SpawnFailure> {
        let Self { process, stdin, stdout, stderr } = self;
        let register = move || {
            Ok(Spawned {
                stdin: stdin.map(PipeWriter::new).transpose()?,
                stdout: PipeReader::new(stdout)?,
                stderr: PipeReader::new(stderr)?,
                child: ExecutionChild::new(watch(process.pid())?, process),
            })
        };
        register().map_err(|error: io::Error| {
            SpawnFailure::new(
                FailureCode::ResourceExhausted,
                format!(
                    "the process was started but could not be watched, so it was stopped: {error}. \
                     Raise the limit on open files or threads (`ulimit -n`, `ulimit -u`), or run less at once"
                ),
            )
        })
    }
}
