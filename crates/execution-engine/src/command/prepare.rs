//! Puts the parts together: folder, environment, program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{aws_cli, environment, path_lookup, script, shell};
use crate::process::{SpawnFailure, SpawnSpec, StdinMode, working_dir_missing};
use crate::request::{Command, ExecutionRequest, Stdin};

/// A program as it was asked for, and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) program: String,
    pub(super) args: Vec<String>,
}

impl Invocation {
    pub(super) fn new<A: Into<String>>(
        program: impl Into<String>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self { program: program.into(), args: args.into_iter().map(Into::into).collect() }
    }
}

/// Looks everything up that a start needs. Reads the file system: not for the runtime's threads.
pub(crate) fn prepare(request: &ExecutionRequest, id: Uuid) -> Result<SpawnSpec, SpawnFailure> {
    let working_dir = request.working_dir.as_deref().map(existing_folder).transpose()?;
    let env = environment::build(request, id);
    let invocation = match &request.command {
        Command::Script { path, interpreter: None, args } => {
            script::by_its_first_line(path, args, working_dir.as_deref())?
        }
        command => known(command),
    };
    let program = path_lookup::resolve(&invocation.program, environment::path(&env), working_dir.as_deref())?;
    Ok(SpawnSpec {
        arg0: Some(OsString::from(&invocation.program)),
        program,
        args: invocation.args.into_iter().map(OsString::from).collect(),
        env,
        working_dir,
        stdin: if request.stdin == Stdin::Null { StdinMode::Null } else { StdinMode::Pipe },
    })
}

/// Program and arguments as far as they are known without looking: for the log's header.
pub(crate) fn argv(command: &Command) -> Vec<String> {
    let invocation = known(command);
    std::iter::once(invocation.program).chain(invocation.args).collect()
}

fn known(command: &Command) -> Invocation {
    match command {
        Command::Exec { program, args } => Invocation::new(program, args.clone()),
        Command::Shell { command, shell } => shell::invocation(command, shell.as_deref()),
        Command::Script { path, interpreter, args } => script::invocation(path, interpreter.as_deref(), args),
        Command::AwsCli { service, operation, args, .. } => aws_cli::invocation(service, operation, args),
    }
}

fn existing_folder(dir: &Path) -> Result<PathBuf, SpawnFailure> {
    // A relative folder is relative to the host's.
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    if dir.is_dir() { Ok(dir) } else { Err(working_dir_missing(&dir)) }
}
