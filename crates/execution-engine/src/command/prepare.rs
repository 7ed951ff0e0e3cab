//! The steps from a request to a spawn, in order.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::environment::Environment;
use super::hints::{Hints, explained};
use super::invocation::{Context, no_folder};
use super::{aws_cli, exec, script, shell};
use crate::error::ExecutionFailure;
use crate::host_context::HostContext;
use crate::process::{SpawnSpec, StdinMode, check_working_dir};
use crate::request::{Command, ExecutionRequest, Stdin};

/// Finds out everything the spawn needs. Reads the file system, so not for a runtime worker.
///
/// # Errors
/// The working folder, the program or the interpreter is missing or unusable.
pub(crate) fn prepare(
    request: &ExecutionRequest,
    host: &HostContext,
    id: Uuid,
) -> Result<SpawnSpec, ExecutionFailure> {
    prepare_with(request, host, id, Hints::None)
}

/// Adds the nearest name to a failure of [`prepare`], if a program was not found. For the runtime.
pub(crate) async fn explain(
    request: Arc<ExecutionRequest>,
    host: HostContext,
    id: Uuid,
    failure: ExecutionFailure,
) -> ExecutionFailure {
    explained(failure, move || prepare_with(&request, &host, id, Hints::Nearest).err()).await
}

fn prepare_with(
    request: &ExecutionRequest,
    host: &HostContext,
    id: Uuid,
    hints: Hints,
) -> Result<SpawnSpec, ExecutionFailure> {
    let (dir, working_dir) = match &request.working_dir {
        Some(dir) => {
            let dir = requested(dir, host)?;
            (Some(dir.as_path().into()), Some(dir))
        }
        None => (host.working_dir.clone(), inherited(host)?),
    };
    let mut env = Environment::inherited(&host.environment, &request.inherit_env);
    env.apply(&request.env);
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

/// The folder that the request names as an absolute path, if a child can start in it.
fn requested(dir: &Path, host: &HostContext) -> Result<PathBuf, ExecutionFailure> {
    let dir = host.absolute(dir).ok_or_else(|| no_folder(dir))?;
    check_working_dir(&dir)?;
    Ok(dir)
}

/// The folder that the host was in at the call. `None` if its path does not lead there: the child then starts
/// where the host is.
fn inherited(host: &HostContext) -> Result<Option<PathBuf>, ExecutionFailure> {
    let Some(dir) = &host.working_dir else { return Ok(None) };
    // A host that has given up its privileges may be in a folder that it could not enter again. (The dot
    // tests whether the folder itself may be searched.)
    match std::fs::metadata(dir.join(".")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
        Err(_) => check_working_dir(dir).map(|()| Some(dir.to_path_buf())),
        Ok(_) => Ok(Some(dir.to_path_buf())),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::host_context::HostEnvironment;

    #[test]
    fn arguments_and_profile_arrive_as_they_were_given() {
        let request = ExecutionRequest::exec("env", ["a b", "*", "$HOME", "", "'\""]);
        let host = HostContext::new(HostEnvironment::of_process());
        let spec = prepare(&request, &host, Uuid::now_v7()).unwrap();
        assert!(spec.program.is_absolute());
        assert_eq!(spec.arg0, Some("env".into()));
        assert_eq!(spec.args, ["a b", "*", "$HOME", "", "'\""].map(OsString::from));
    }
}
