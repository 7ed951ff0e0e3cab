//! A script file: by the interpreter of the request, then by its own `#!` line, then as it is.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::prepare::Invocation;
use crate::error::FailureCode;
use crate::process::SpawnFailure;

/// The kernel reads no more of a first line either (`BINPRM_BUF_SIZE`).
const FIRST_LINE_MAX: u64 = 256;

/// With the given interpreter, or the file itself.
pub(super) fn invocation(path: &Path, interpreter: Option<&str>, args: &[String]) -> Invocation {
    let script = path.to_string_lossy().into_owned();
    match interpreter {
        Some(interpreter) => {
            Invocation::new(interpreter, std::iter::once(script).chain(args.iter().cloned()))
        }
        None => Invocation::new(script, args.to_vec()),
    }
}

/// By the interpreter that its first line names: the file itself need not be executable.
pub(super) fn by_its_first_line(
    path: &Path,
    args: &[String],
    working_dir: Option<&Path>,
) -> Result<Invocation, SpawnFailure> {
    let file = working_dir.map_or_else(|| path.to_path_buf(), |dir| dir.join(path));
    // A bare name means a file here, not a program on the PATH.
    let here = if path.components().count() == 1 { Path::new(".").join(path) } else { path.to_path_buf() };
    let Some(line) = first_line(&file)?.strip_prefix("#!").map(str::to_owned) else {
        return Ok(invocation(&here, None, args));
    };
    if line.ends_with('\r') {
        let message = format!(
            "the first line of {} has a Windows line end (CRLF), so its interpreter would not be found; convert the \
             file to LF",
            file.display()
        );
        return Err(SpawnFailure::new(FailureCode::NotExecutable, message));
    }
    // As the kernel does: the interpreter, and everything after it as one argument.
    let line = line.trim();
    let (interpreter, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let argument = Some(argument.trim()).filter(|argument| !argument.is_empty()).map(str::to_owned);
    let script = here.to_string_lossy().into_owned();
    let all = argument.into_iter().chain([script]).chain(args.iter().cloned());
    Ok(Invocation::new(interpreter, all))
}

fn first_line(file: &Path) -> Result<String, SpawnFailure> {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(FIRST_LINE_MAX).read_to_end(&mut start));
    if let Err(error) = read {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => FailureCode::ProgramNotFound,
            std::io::ErrorKind::PermissionDenied => FailureCode::PermissionDenied,
            _ => FailureCode::NotExecutable,
        };
        return Err(SpawnFailure::new(
            code,
            format!("the script {} cannot be read: {error}", shown(file).display()),
        ));
    }
    let end = memchr::memchr(b'\n', &start).unwrap_or(start.len());
    Ok(String::from_utf8_lossy(&start[..end]).into_owned())
}

fn shown(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content: &str) -> Result<Invocation, SpawnFailure> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("s"), content).unwrap();
        by_its_first_line(Path::new("s"), &["a".to_owned()], Some(dir.path()))
    }

    #[test]
    fn the_first_line_names_interpreter_and_one_argument() {
        assert_eq!(parsed("#! /bin/sh -e -u\n").unwrap(), Invocation::new("/bin/sh", ["-e -u", "./s", "a"]));
        assert_eq!(
            parsed("#!/usr/bin/env python3\n").unwrap(),
            Invocation::new("/usr/bin/env", ["python3", "./s", "a"])
        );
    }

    #[test]
    fn without_a_first_line_the_file_is_the_program() {
        assert_eq!(parsed("\x7fELF").unwrap(), Invocation::new("./s", ["a"]));
    }

    #[test]
    fn a_script_that_is_not_there_is_not_found() {
        let missing = by_its_first_line(Path::new("/no/such/script"), &[], None).unwrap_err();
        assert_eq!(missing.code, FailureCode::ProgramNotFound);
    }
}
