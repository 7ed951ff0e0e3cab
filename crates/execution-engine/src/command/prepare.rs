//! The steps from a request to a spawn, in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::environment::Environment;
use super::hints::{Hints, explained};
use super::invocation::Context;
use super::{aws_cli, exec, script, shell};
use crate::error::ExecutionFailure;
use crate::process::{SpawnSpec, StdinMode, check_working_dir};
use crate::request::{Command, ExecutionRequest, Stdin};

/// Everything that must be known before the spawn. Looks at the file system: not for a runtime worker.
///
/// # Errors
/// The working folder, the program or the interpreter is missing or unusable.
pub(crate) fn prepare(request: &ExecutionRequest, id: Uuid) -> Result<SpawnSpec, ExecutionFailure> {
    prepare_with(request, id, Hints::None)
}

/// What [`prepare`] failed with, and the nearest name where a program was not found. For the runtime.
pub(crate) async fn explain(
    request: Arc<ExecutionRequest>,
    id: Uuid,
    failure: ExecutionFailure,
) -> ExecutionFailure {
    explained(failure, move || prepare_with(&request, id, Hints::Nearest).err()).await
}

fn prepare_with(request: &ExecutionRequest, id: Uuid, hints: Hints) -> Result<SpawnSpec, ExecutionFailure> {
    let working_dir = request.working_dir.as_deref().map(usable).transpose()?;
    let mut env = Environment::inherited(&request.inherit_env);
    env.apply(&request.env);
    let dir = working_dir.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let mut context = Context { env, dir, hints };
    let invocation = match &request.command {
        Command::Exec { program, args } => exec::invocation(program, args, &context)?,
        Command::Shell { command, shell } => shell::invocation(command, shell.as_deref(), &context)?,
        Command::Script { path, interpreter, args } => {
            script::invocation(path, interpreter.as_deref(), args, &context)?
        }
        Command::AwsCli { service, operation, args, profile, region } => {
            aws_cli::environment(&mut context.env, &request.env, profile.as_deref(), region.as_deref());
            exec::invocation("aws", &aws_cli::args(service, operation, args), &context)?
        }
    };
    Ok(SpawnSpec {
        id,
        program: invocation.program,
        arg0: invocation.arg0,
        args: invocation.args,
        raw_tail: invocation.raw_tail,
        env: context.env.into_vec(),
        working_dir,
        stdin: if request.stdin == Stdin::Null { StdinMode::Null } else { StdinMode::Pipe },
    })
}

/// The folder as an absolute path, if a child can start in it.
fn usable(dir: &Path) -> Result<PathBuf, ExecutionFailure> {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    check_working_dir(&dir)?;
    Ok(dir)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn arguments_and_profile_arrive_as_they_were_given() {
        let request = ExecutionRequest::exec("env", ["a b", "*", "$HOME", "", "'\""]);
        let spec = prepare(&request, Uuid::now_v7()).unwrap();
        assert!(spec.program.is_absolute());
        assert_eq!(spec.arg0, Some("env".into()));
        assert_eq!(spec.args, ["a b", "*", "$HOME", "", "'\""].map(OsString::from));
    }
}
