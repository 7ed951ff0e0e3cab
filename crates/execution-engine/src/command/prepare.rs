//! The steps from a request to what is started, in their order.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::environment::Environment;
use super::invocation::Surroundings;
use super::{aws_cli, exec, script, shell};
use crate::error::FailureCode;
use crate::process::{SpawnFailure, SpawnSpec, StdinMode};
use crate::request::{Command, ExecutionRequest, Stdin};

/// Everything that is to be known before the spawn. Looks at the file system: not for a runtime worker.
///
/// # Errors
/// The working folder, the program or the interpreter is not there or not usable.
pub(crate) fn prepare(request: &ExecutionRequest, id: Uuid) -> Result<SpawnSpec, SpawnFailure> {
    let working_dir = request.working_dir.as_deref().map(working_dir).transpose()?;
    let mut env = Environment::inherited(&request.inherit_env);
    env.apply(&request.env);
    let dir = working_dir.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let mut around = Surroundings { env, dir };
    let invocation = match &request.command {
        Command::Exec { program, args } => exec::invocation(program, args, &around)?,
        Command::Shell { command, shell } => shell::invocation(command, shell.as_deref(), &around)?,
        Command::Script { path, interpreter, args } => {
            script::invocation(path, interpreter.as_deref(), args, &around)?
        }
        Command::AwsCli { service, operation, args, profile, region } => {
            aws_cli::environment(&mut around.env, &request.env, profile.as_deref(), region.as_deref());
            exec::invocation("aws", &aws_cli::args(service, operation, args), &around)?
        }
    };
    Ok(SpawnSpec {
        id,
        program: invocation.program,
        arg0: invocation.arg0,
        args: invocation.args,
        raw_tail: invocation.raw_tail,
        env: around.env.into_vec(),
        working_dir,
        stdin: if request.stdin == Stdin::Null { StdinMode::Null } else { StdinMode::Pipe },
    })
}

/// The folder as an absolute path, if it is one. The system itself would say "not found" of the program.
fn working_dir(dir: &Path) -> Result<PathBuf, SpawnFailure> {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let fails = |code, why: &str| {
        Err(SpawnFailure::new(code, format!("the working folder `{}` {why}", absolute.display())))
    };
    match std::fs::metadata(&absolute) {
        Ok(metadata) if metadata.is_dir() => Ok(absolute),
        Ok(_) => fails(FailureCode::WorkingDirNotFound, "is not a folder"),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            fails(FailureCode::PermissionDenied, "cannot be reached: a folder on the way is closed")
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let there = absolute.ancestors().skip(1).find(|dir| dir.is_dir());
            let there = there.map_or_else(String::new, |dir| format!(" (`{}` does)", dir.display()));
            fails(
                FailureCode::WorkingDirNotFound,
                &format!("does not exist{there}: create it, or name another"),
            )
        }
        Err(error) => fails(FailureCode::WorkingDirNotFound, &format!("cannot be used: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_missing_folder_is_named_with_the_part_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let mut request = ExecutionRequest::shell("true");
        request.working_dir = Some(dir.path().join("a/b"));
        let failure = prepare(&request, Uuid::now_v7()).unwrap_err();
        assert_eq!(failure.code, FailureCode::WorkingDirNotFound);
        let message = failure.message;
        assert!(message.contains("a/b") && message.contains(&format!("`{}` does", dir.path().display())));
    }

    #[test]
    fn a_file_is_no_working_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut request = ExecutionRequest::shell("true");
        request.working_dir = Some(file.path().to_owned());
        let failure = prepare(&request, Uuid::now_v7()).unwrap_err();
        assert_eq!(failure.code, FailureCode::WorkingDirNotFound);
        assert!(failure.message.contains("is not a folder"), "{failure}");
    }

    #[cfg(unix)]
    #[test]
    fn arguments_and_profile_arrive_as_they_were_given() {
        let request = ExecutionRequest::exec("env", ["a b", "*", "$HOME", "", "'\""]);
        let spec = prepare(&request, Uuid::now_v7()).unwrap();
        assert!(spec.program.is_absolute());
        assert_eq!(spec.arg0, Some("env".into()));
        assert_eq!(spec.args, ["a b", "*", "$HOME", "", "'\""].map(OsString::from));
    }
}
