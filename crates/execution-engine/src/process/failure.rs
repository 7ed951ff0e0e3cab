//! Why a process could not be started. The kernel has one `ENOENT` for four different causes.

use std::fs;
use std::io;
use std::path::Path;

use super::spawner::SpawnSpec;
use crate::error::FailureCode;

/// One string of a program's arguments or environment may be this long (`MAX_ARG_STRLEN` on Linux).
const MAX_STRING: usize = 128 * 1024;

/// A process that was not started: the code, and what was run, what happened, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpawnFailure {
    pub(crate) code: FailureCode,
    pub(crate) message: String,
}

impl SpawnFailure {
    pub(crate) fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn exhausted(what: &str, error: &io::Error) -> Self {
        let message = format!(
            "{what} could not be started for lack of resources ({error}), also after waiting; raise the limits \
             (`ulimit -n`, `ulimit -u`) or lower `max_concurrent_executions`"
        );
        Self::new(FailureCode::ResourceExhausted, message)
    }

    /// Looks at what is there to tell what the error was about.
    pub(super) fn diagnose(spec: &SpawnSpec, error: &io::Error) -> Self {
        let program = spec.program.display();
        if let Some(dir) = &spec.working_dir
            && !dir.is_dir()
        {
            return working_dir_missing(dir);
        }
        match error.kind() {
            io::ErrorKind::ArgumentListTooLong => too_long(spec),
            io::ErrorKind::NotFound if spec.program.exists() => interpreter_missing(&spec.program),
            io::ErrorKind::NotFound => {
                Self::new(FailureCode::ProgramNotFound, format!("there is no file {program}"))
            }
            io::ErrorKind::PermissionDenied => Self::new(
                FailureCode::PermissionDenied,
                format!("{program} may not be executed here: {error}"),
            ),
            _ if error.raw_os_error() == Some(libc::ENOEXEC) => Self::new(
                FailureCode::NotExecutable,
                format!(
                    "{program} is no program this system can run, and has no `#!` line that names an interpreter"
                ),
            ),
            _ => Self::new(FailureCode::SpawnFailed, format!("{program} could not be started: {error}")),
        }
    }
}

/// No more processes, descriptors or memory: worth another try.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

pub(crate) fn working_dir_missing(dir: &Path) -> SpawnFailure {
    let what = if dir.exists() { "is not a folder" } else { "is not there" };
    SpawnFailure::new(FailureCode::WorkingDirNotFound, format!("the working folder {} {what}", dir.display()))
}

fn interpreter_missing(program: &Path) -> SpawnFailure {
    let shown = program.display();
    let first_line = first_line(program).unwrap_or_default();
    let message = match first_line.strip_prefix("#!") {
        Some(line) if line.ends_with('\r') => format!(
            "the first line of {shown} has a Windows line end (CRLF), so its interpreter is not found; convert the \
             file to LF"
        ),
        Some(line) => {
            let interpreter = line.split_ascii_whitespace().next().unwrap_or_default();
            format!("{shown} names the interpreter {interpreter}, which is not there")
        }
        None => format!("{shown} needs a loader or library that is not there (built for another system?)"),
    };
    SpawnFailure::new(FailureCode::NotExecutable, message)
}

fn first_line(path: &Path) -> Option<String> {
    use std::io::Read;
    let mut start = Vec::new();
    fs::File::open(path).ok()?.take(512).read_to_end(&mut start).ok()?;
    let end = memchr::memchr(b'\n', &start).unwrap_or(start.len());
    Some(String::from_utf8_lossy(&start[..end]).into_owned())
}

fn too_long(spec: &SpawnSpec) -> SpawnFailure {
    let argument = spec.args.iter().enumerate().find(|(_, arg)| arg.len() >= MAX_STRING);
    let variable = spec.env.iter().find(|(name, value)| name.len() + value.len() + 1 >= MAX_STRING);
    let message = match (argument, variable) {
        (Some((index, arg)), _) => format!(
            "argument {index} has {} bytes, more than the system takes in one; pass it through a file or standard \
             input",
            arg.len()
        ),
        (None, Some((name, value))) => format!(
            "the environment variable {} has {} bytes, more than the system takes in one",
            name.display(),
            value.len()
        ),
        (None, None) => {
            let arguments: usize = spec.args.iter().map(|arg| arg.len() + 1).sum();
            let environment: usize = spec.env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
            format!(
                "{arguments} bytes of arguments and {environment} bytes of environment are together more than the \
                 system takes; pass data through a file or standard input"
            )
        }
    };
    SpawnFailure::new(FailureCode::ArgumentsTooLong, message)
}
