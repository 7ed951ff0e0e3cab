//! Why the system did not spawn a process: one error number has many reasons.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::error::{ExecutionFailure, FailureCode};
use crate::process::shebang;
use crate::process::spec::{SpawnSpec, Transience};
use crate::process::working_dir::check_working_dir;

/// The longest single argument or variable Linux takes, its NUL included (`MAX_ARG_STRLEN`, execve(2)).
const MAX_STRING: usize = 128 * 1024;

/// Whether a retry may help.
pub(in crate::process) fn transience(error: &io::Error) -> Transience {
    match Errno::from_io_error(error) {
        Some(Errno::TXTBSY) => Transience::ProgramBusy,
        Some(Errno::AGAIN | Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Transience::Exhausted,
        _ => Transience::Lasting,
    }
}

/// The code and the message for a permanent error.
pub(in crate::process) fn explain(spec: &SpawnSpec, error: &io::Error, tries: u32) -> ExecutionFailure {
    let errno = Errno::from_io_error(error);
    if matches!(errno, Some(Errno::NOENT | Errno::NOTDIR))
        && let Some(failure) = unusable_folder(spec)
    {
        return failure;
    }
    let (code, message) = match errno {
        Some(Errno::NOENT) => not_there(spec),
        Some(Errno::ACCESS | Errno::PERM) => not_allowed(spec),
        Some(Errno::NOEXEC) => unknown_format(&spec.program),
        Some(Errno::ISDIR) => a_folder(&spec.program),
        Some(Errno::TOOBIG) => too_long(spec),
        Some(Errno::TXTBSY) => (
            FailureCode::SpawnFailed,
            format!(
                "{} is open for writing, still after {tries} tries: wait until it is fully written",
                shown(&spec.program)
            ),
        ),
        Some(errno @ (Errno::AGAIN | Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => {
            exhausted(spec, errno, tries)
        }
        _ => (FailureCode::SpawnFailed, format!("{} could not be started: {error}", shown(&spec.program))),
    };
    ExecutionFailure { code, message }
}

type Explanation = (FailureCode, String);

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

/// It was removed or replaced since it was checked before the spawn.
fn unusable_folder(spec: &SpawnSpec) -> Option<ExecutionFailure> {
    check_working_dir(spec.working_dir.as_deref()?).err()
}

/// ENOENT: the program is missing, or the interpreter that it requests.
fn not_there(spec: &SpawnSpec) -> Explanation {
    let program = &spec.program;
    if fs::symlink_metadata(program).is_err() {
        return (FailureCode::ProgramNotFound, format!("{} does not exist", shown(program)));
    }
    if !program.exists() {
        let target = fs::read_link(program).unwrap_or_default();
        let message = format!("{} is a link to {}, which does not exist", shown(program), shown(&target));
        return (FailureCode::ProgramNotFound, message);
    }
    let message = match interpreter(program) {
        Some(interpreter) if interpreter.ends_with('\r') => shebang::windows_line_ends(program),
        Some(interpreter) => format!(
            "the `#!` line of {} names `{interpreter}`, which does not exist: install it, or change the line",
            shown(program),
        ),
        None => format!(
            "{} exists, but the loader it asks for does not: it was built for another system or C library",
            shown(program)
        ),
    };
    (FailureCode::NotExecutable, message)
}

/// The interpreter that the `#!` line names.
fn interpreter(program: &Path) -> Option<String> {
    let start = shebang::beginning(program).ok()?;
    let line = String::from_utf8_lossy(shebang::line(&start)?);
    Some(shebang::split(&line).0.to_owned())
}

/// EACCES: no permission on the file or on a folder on the way, a folder instead of a file, or a mount with
/// `noexec`.
fn not_allowed(spec: &SpawnSpec) -> Explanation {
    use rustix::fs::{Access, access};
    let program = &spec.program;
    if program.is_dir() {
        return a_folder(program);
    }
    if let Some(dir) = spec.working_dir.as_deref().filter(|dir| access(*dir, Access::EXEC_OK).is_err()) {
        return (
            FailureCode::PermissionDenied,
            format!("the working folder {} may not be entered", shown(dir)),
        );
    }
    let closed = program
        .ancestors()
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .find(|dir| dir.is_dir() && access(*dir, Access::EXEC_OK).is_err());
    if let Some(dir) = closed {
        let message = format!("{} cannot be reached: the folder {} is closed", shown(program), shown(dir));
        return (FailureCode::PermissionDenied, message);
    }
    if access(program, Access::EXEC_OK).is_err() {
        let message = format!(
            "{} is not executable: `chmod +x {}`, or run it through its interpreter",
            shown(program),
            program.display()
        );
        return (FailureCode::NotExecutable, message);
    }
    let message = match interpreter(program) {
        Some(interpreter) => format!(
            "{} may not be run: its `#!` line names `{interpreter}`, which is not executable",
            shown(program),
        ),
        None => format!(
            "the system does not permit to run {}: a file system mounted `noexec`, or a security policy",
            shown(program)
        ),
    };
    (FailureCode::PermissionDenied, message)
}

fn a_folder(program: &Path) -> Explanation {
    (FailureCode::NotExecutable, format!("{} is a folder, not a program", shown(program)))
}

fn unknown_format(program: &Path) -> Explanation {
    let message = format!(
        "{} is neither a program for this system nor a script with a `#!` line: add one \
         (e.g. `#!/bin/sh`), or name an interpreter",
        shown(program)
    );
    (FailureCode::NotExecutable, message)
}

/// E2BIG, naming what is too large. Values are not shown: they may be secrets.
fn too_long(spec: &SpawnSpec) -> Explanation {
    let args = spec.args.iter().enumerate().map(|(i, arg)| (format!("argument {i}"), arg.len() + 1));
    let env = spec.env.iter().map(|(name, value)| {
        (format!("the environment variable `{}`", name.display()), name.len() + value.len() + 2)
    });
    let strings: Vec<(String, usize)> = args.chain(env).collect();
    let total: usize = strings.iter().map(|(_, length)| length).sum();
    let hint = "pass it through a file or through stdin";
    let message = match strings.iter().max_by_key(|(_, length)| *length) {
        Some((name, length)) if *length > MAX_STRING => {
            format!("{name} has {length} bytes, and the system takes at most {MAX_STRING} in one: {hint}")
        }
        Some((name, length)) => format!(
            "arguments and environment have {total} bytes together, more than the system takes; the largest \
             is {name} with {length}: {hint}"
        ),
        None => format!("the arguments are too long: {hint}"),
    };
    (FailureCode::ArgumentsTooLong, message)
}

fn exhausted(spec: &SpawnSpec, errno: Errno, tries: u32) -> Explanation {
    let (what, hint) = match errno {
        Errno::MFILE => ("this process has no file descriptor left", "raise `ulimit -n`"),
        Errno::NFILE => ("the system has no file descriptor left", "raise `fs.file-max`"),
        Errno::AGAIN => {
            ("the system gives no more processes", "raise `ulimit -u` or the container's limit of processes")
        }
        _ => ("the system has no memory for another process", "free some"),
    };
    let message = format!(
        "{} was not started: {what}, still after {tries} tries: {hint}, or run less at once",
        shown(&spec.program)
    );
    (FailureCode::ResourceExhausted, message)
}
