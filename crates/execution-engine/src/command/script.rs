//! `script`: a file run by the interpreter that the request names, else by the one in its `#!` line, else by
//! the system.
//!
//! The engine reads the `#!` line instead of leaving it to the kernel, so that a script without execute
//! permission runs, a script works on Windows, and a missing interpreter is named. It is read as on Linux:
//! everything after the interpreter is one argument, except after `env -S`, which splits.

use std::path::Path;

use super::exec;
use super::invocation::{Context, Invocation};
use super::path_lookup;
use super::shell::ShellKind;
use crate::error::{ExecutionFailure, FailureCode};
use crate::process::shebang;

pub(super) fn invocation(
    path: &Path,
    interpreter: Option<&str>,
    args: &[String],
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let script = context.absolute(path)?;
    let start = beginning(&script)?;
    if let Some(interpreter) = interpreter {
        return through(interpreter, flags_before_file(interpreter), &script, args, context);
    }
    match shebang::line(&start).and_then(|line| str::from_utf8(line).ok()) {
        Some(line) if line.ends_with('\r') && !cfg!(windows) => {
            Err(ExecutionFailure::new(FailureCode::NotExecutable, shebang::windows_line_ends(&script)))
        }
        Some(line) => by_shebang(line.trim_end_matches('\r'), &script, args, context),
        None => by_itself(script, args, context),
    }
}

/// `interpreter [flags] script args…`
fn through<A: AsRef<str>>(
    interpreter: &str,
    flags: impl IntoIterator<Item = A>,
    script: &Path,
    args: &[String],
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let mut invocation = exec::invocation::<&str>(interpreter, &[], context)?;
    invocation.args.extend(flags.into_iter().map(|flag| flag.as_ref().into()));
    invocation.args.push(script.into());
    invocation.args.extend(args.iter().map(Into::into));
    Ok(invocation)
}

fn flags_before_file(interpreter: &str) -> &'static [&'static str] {
    match ShellKind::of(interpreter) {
        ShellKind::Posix => &[],
        ShellKind::Cmd => &["/d", "/c"],
        ShellKind::PowerShell => &["-NoProfile", "-NonInteractive", "-File"],
    }
}

fn by_shebang(
    line: &str,
    script: &Path,
    args: &[String],
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let (interpreter, argument) = shebang::split(line);
    let found = if let Some(words) = through_env(interpreter, argument) {
        through(&words[0], &words[1..], script, args, context)
    } else {
        through(interpreter, (!argument.is_empty()).then_some(argument), script, args, context)
    };
    found.map_err(|failure| {
        ExecutionFailure::new(
            match failure.code {
                FailureCode::ProgramNotFound => FailureCode::NotExecutable,
                other => other,
            },
            format!("the `#!` line of `{}` asks for an interpreter: {}", script.display(), failure.message),
        )
    })
}

/// The words that `/usr/bin/env name` or `/usr/bin/env -S name flags` would run. Looking them up here
/// explains a miss, and Windows needs no `env`. Anything else is left to `env`.
fn through_env(interpreter: &str, argument: &str) -> Option<Vec<String>> {
    if interpreter.rsplit('/').next() != Some("env") {
        return None;
    }
    let words: Vec<String> = match argument.strip_prefix("-S").or(argument.strip_prefix("--split-string=")) {
        // env's own escapes and variables are left to it.
        Some(split) if split.contains(['\\', '\'', '"', '$', '#']) => return None,
        Some(split) => split.split_ascii_whitespace().map(Into::into).collect(),
        // Without -S, the whole rest is one name, blanks included.
        None => vec![argument.to_owned()],
    };
    words.first().filter(|first| !first.is_empty() && !first.starts_with('-') && !first.contains('='))?;
    Some(words)
}

/// The file as a program of its own. Windows uses extensions where Unix uses the `#!` line.
fn by_itself(
    script: std::path::PathBuf,
    args: &[String],
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let extension = script.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if extension.eq_ignore_ascii_case("ps1") {
        let shell = if cfg!(windows) { "powershell.exe" } else { "pwsh" };
        return through(shell, flags_before_file(shell), &script, args, context);
    }
    if !path_lookup::is_executable(&script) {
        return Err(ExecutionFailure::new(
            FailureCode::NotExecutable,
            format!(
                "`{}` has no `#!` line and is not executable: name an `interpreter`, or begin it with \
                 e.g. `#!/bin/sh`",
                script.display()
            ),
        ));
    }
    Ok(Invocation { program: script, args: args.iter().map(Into::into).collect(), ..Invocation::default() })
}

fn beginning(script: &Path) -> Result<Vec<u8>, ExecutionFailure> {
    let fails = |code, why: &str| {
        Err(ExecutionFailure::new(code, format!("the script `{}` {why}", script.display())))
    };
    let mut start = Vec::new();
    // Checked before it is opened: opening a named pipe would block for ever.
    let read = std::fs::metadata(script).and_then(|metadata| {
        if metadata.is_file() {
            start = shebang::beginning(script)?;
        }
        Ok(metadata)
    });
    match read {
        Ok(metadata) if metadata.is_file() => Ok(start),
        Ok(metadata) if metadata.is_dir() => fails(FailureCode::NotExecutable, "is a folder"),
        Ok(_) => fails(FailureCode::NotExecutable, "is not a regular file"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fails(FailureCode::ProgramNotFound, "does not exist: check the path and the working folder")
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            fails(FailureCode::PermissionDenied, "may not be read")
        }
        Err(error) => fails(FailureCode::SpawnFailed, &format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::environment::Environment;
    use super::super::hints::Hints;
    use super::*;

    fn run(text: &str, interpreter: Option<&str>) -> Result<Vec<String>, ExecutionFailure> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("s"), text).unwrap();
        let mut env = Environment::default();
        env.set("PATH", "/usr/bin:/bin");
        let context = Context { env, dir: Some(dir.path().into()), hints: Hints::None };
        let invocation = invocation(Path::new("s"), interpreter, &["a b".into()], &context)?;
        let mut words = vec![invocation.program.file_name().unwrap().to_str().unwrap().to_owned()];
        words.extend(invocation.args.iter().map(|arg| {
            let arg = arg.to_str().unwrap();
            if arg == dir.path().join("s").to_str().unwrap() { "<script>".into() } else { arg.into() }
        }));
        Ok(words)
    }

    #[test]
    fn the_interpreter_of_the_request_comes_first_then_the_scripts_own() {
        assert_eq!(run("#!/bin/cat\n", Some("sh")).unwrap(), ["sh", "<script>", "a b"]);
        assert_eq!(run("#! /bin/sh -e -u\nx", None).unwrap(), ["sh", "-e -u", "<script>", "a b"]);
    }

    #[test]
    fn env_is_looked_through() {
        assert_eq!(run("#!/usr/bin/env sh\n", None).unwrap(), ["sh", "<script>", "a b"]);
        assert_eq!(run("#!/usr/bin/env -S sh -e -u\n", None).unwrap(), ["sh", "-e", "-u", "<script>", "a b"]);
        let left_to_env = run("#!/usr/bin/env -S A=1 sh\n", None).unwrap();
        assert_eq!(left_to_env, ["env", "-S A=1 sh", "<script>", "a b"]);
    }

    #[test]
    fn windows_line_ends_are_named() {
        let failure = run("#!/bin/sh\r\necho\r\n", None).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotExecutable);
        assert!(failure.message.contains("Windows line ends"), "{failure}");
    }

    #[test]
    fn a_missing_interpreter_is_named_with_the_script() {
        let failure = run("#!/usr/bin/env no-such-interpreter\n", None).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotExecutable);
        assert!(failure.message.contains("no-such-interpreter"), "{failure}");
    }

    #[test]
    fn without_a_line_and_without_permission_an_interpreter_is_asked_for() {
        let failure = run("echo\n", None).unwrap_err();
        assert!(failure.message.contains("name an `interpreter`"), "{failure}");
    }
}
