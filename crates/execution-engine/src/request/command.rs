//! [`Command`]: the four kinds of commands.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::checks::{no_nul, not_empty};
use crate::error::InvalidField;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// A program and its arguments, verbatim. No shell is involved.
    Exec {
        /// A name looked up on the child's PATH, or a path.
        program: String,
        /// The arguments, after the program's own name.
        #[serde(default)]
        args: Vec<String>,
    },
    /// One command line for a shell.
    Shell {
        /// The command line.
        command: String,
        /// The shell. Default: `/bin/sh` on Unix, `cmd.exe` on Windows.
        #[serde(default)]
        shell: Option<String>,
    },
    /// A script file.
    Script {
        /// Its path, relative to the working folder.
        path: PathBuf,
        /// The interpreter. Default: the one that the script's `#!` line names, else the file itself.
        #[serde(default)]
        interpreter: Option<String>,
        /// The script's arguments.
        #[serde(default)]
        args: Vec<String>,
    },
    /// The AWS command line: `aws <service> <operation> <args>`, without a shell and without a pager,
    /// JSON output, profile and region through its environment.
    AwsCli {
        /// E.g. `ec2`.
        service: String,
        /// E.g. `describe-instances`.
        operation: String,
        /// Further arguments, verbatim.
        #[serde(default)]
        args: Vec<String>,
        /// The named profile (`AWS_PROFILE`).
        #[serde(default)]
        profile: Option<String>,
        /// The region (`AWS_REGION` and `AWS_DEFAULT_REGION`).
        #[serde(default)]
        region: Option<String>,
    },
}

impl Command {
    /// The stable name of the kind: `exec`, `shell`, `script` or `aws_cli`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exec { .. } => "exec",
            Self::Shell { .. } => "shell",
            Self::Script { .. } => "script",
            Self::AwsCli { .. } => "aws_cli",
        }
    }

    pub(super) fn validate(&self) -> Result<(), InvalidField> {
        let required = |field, value: &str| not_empty(field, value).and_then(|()| no_nul(field, value));
        let optional =
            |field, value: &Option<String>| value.as_deref().map_or(Ok(()), |v| required(field, v));
        let each = |args: &[String]| {
            args.iter().enumerate().try_for_each(|(i, arg)| no_nul(&format!("command.args[{i}]"), arg))
        };
        match self {
            Self::Exec { program, args } => required("command.program", program).and_then(|()| each(args)),
            Self::Shell { command, shell } => {
                required("command.command", command).and_then(|()| optional("command.shell", shell))
            }
            Self::Script { path, interpreter, args } => required("command.path", &path.to_string_lossy())
                .and_then(|()| optional("command.interpreter", interpreter))
                .and_then(|()| each(args)),
            Self::AwsCli { service, operation, args, profile, region } => {
                required("command.service", service)
                    .and_then(|()| required("command.operation", operation))
                    .and_then(|()| optional("command.profile", profile))
                    .and_then(|()| optional("command.region", region))
                    .and_then(|()| each(args))
            }
        }
    }
}
