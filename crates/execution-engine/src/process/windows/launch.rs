//! Starts one process, on the spawner thread.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};

use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::child::{ExecutionChild, Process};
use super::os_console::has_console;
use super::os_pipe::{Direction, PipeReader, PipeWriter, pipe};
use crate::error::FailureCode;
use crate::process::spec::{EXECUTION_ID_VAR, SpawnFailure, SpawnSpec, Spawned, StdinMode};

/// A running process that is not known to the runtime yet. Dropping it ends it.
#[derive(Debug)]
pub(in crate::process) struct Launched {
    process: Process,
    stdin: Option<OwnedHandle>,
    stdout: OwnedHandle,
    stderr: OwnedHandle,
}

/// Creates the process suspended, puts it into its job, and lets it run.
pub(in crate::process) fn launch(spec: &SpawnSpec) -> io::Result<Launched> {
    let (stdout, child_stdout) = pipe(Direction::FromChild)?;
    let (stderr, child_stderr) = pipe(Direction::FromChild)?;
    let (child_stdin, stdin) = match spec.stdin {
        StdinMode::Null => (Stdio::null(), None),
        StdinMode::Pipe => {
            let (ours, childs) = pipe(Direction::ToChild)?;
            (childs.into(), Some(ours))
        }
    };
    // On the host's console a Ctrl-Break reaches the child; without one, no window must appear.
    let on_our_console = has_console();
    let window = if on_our_console { 0 } else { CREATE_NO_WINDOW };
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .env(EXECUTION_ID_VAR, spec.id.to_string())
        .stdin(child_stdin)
        .stdout(child_stdout)
        .stderr(child_stderr)
        .creation_flags(CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | window);
    if let Some(tail) = &spec.raw_tail {
        command.raw_arg(tail);
    }
    if let Some(dir) = &spec.working_dir {
        command.current_dir(dir);
    }
    let child = command.spawn()?;
    let pid = child.id();
    // Owned from here on: whatever fails now ends it, suspended or not.
    let process = Process::adopt(pid, OwnedHandle::from(child), on_our_console);
    super::os_resume::resume(pid)?;
    Ok(Launched { process, stdin, stdout, stderr })
}

impl Launched {
    /// Makes the pipes and the exit known to the runtime of the calling task.
    ///
    /// # Errors
    /// When they cannot be watched. The process is then ended.
    pub(in crate::process) fn register(self) -> Result<Spawned, SpawnFailure> {
        let Self { process, stdin, stdout, stderr } = self;
        let register = move || {
            Ok(Spawned {
                stdin: stdin.map(PipeWriter::new).transpose()?,
                stdout: PipeReader::new(stdout)?,
                stderr: PipeReader::new(stderr)?,
                child: ExecutionChild::new(process)?,
            })
        };
        register().map_err(|error: io::Error| {
            SpawnFailure::new(
                FailureCode::ResourceExhausted,
                format!("the process was started but could not be watched, so it was stopped: {error}"),
            )
        })
    }
}
