//! The types that the rest of the engine and `process` exchange.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use uuid::Uuid;

use crate::result::{LeftoverProcess, ResourceUsage};
use crate::signal::KillSignal;

/// The variable that every process carries, with its execution's id. Descendants inherit it.
pub(crate) const EXECUTION_ID_VAR: &str = "ESCHER_EXECUTION_ID";

/// The mark as it appears in an environment: `NAME=value`.
pub(crate) fn marker(id: Uuid) -> OsString {
    format!("{EXECUTION_ID_VAR}={id}").into()
}

/// One process to spawn.
#[derive(Debug, Clone)]
pub(crate) struct SpawnSpec {
    /// The execution it belongs to. [`EXECUTION_ID_VAR`] is added to `env` from it.
    pub id: Uuid,
    /// An absolute path, already looked up: a bare name would cost a fork of the whole host.
    pub program: PathBuf,
    /// What the child sees as its own name. Default: the program's path.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows takes it from the command line"))]
    pub arg0: Option<OsString>,
    pub args: Vec<OsString>,
    /// Windows only: appended to the command line unquoted, because `cmd.exe` parses it in its own way.
    #[cfg_attr(unix, expect(dead_code, reason = "only cmd.exe has such a thing"))]
    pub raw_tail: Option<OsString>,
    /// The child's whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// An absolute path. Default: the host's working folder.
    pub working_dir: Option<PathBuf>,
    pub stdin: StdinMode,
}

impl SpawnSpec {
    /// It as std's command, for the systems whose spawn is std's, with these as its stdin, stdout and stderr.
    pub(super) fn command(&self, [stdin, stdout, stderr]: [impl Into<Stdio>; 3]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env(EXECUTION_ID_VAR, self.id.to_string())
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr);
        if let Some(dir) = &self.working_dir {
            command.current_dir(dir);
        }
        command
    }
}

/// The child's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StdinMode {
    Null,
    Pipe,
}

/// Whether a failure to spawn may be transient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transience {
    Lasting,
    /// Another process still has the program open for writing.
    ProgramBusy,
    /// No process, descriptor or memory left.
    Exhausted,
}

/// A signal to a whole tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeSignal {
    /// This signal, then CONT, so that a stopped process receives it (Windows: Ctrl-Break if there is a
    /// shared console, else the same as `Force`). It goes to the leader's group; [`look`] passes it on to
    /// members outside of it.
    ///
    /// [`look`]: super::ExecutionChild::look
    Graceful(KillSignal),
    /// KILL.
    Force,
}

/// A living process of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) process: LeftoverProcess,
    /// Whether this user may signal it: a set-user-ID program runs as another.
    pub(crate) may_signal: bool,
}

/// How the leader ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exit {
    pub status: ExitKind,
    pub usage: Option<ResourceUsage>,
}

impl Exit {
    /// How it ended is unknown.
    pub(crate) fn unknown() -> Self {
        Self { status: ExitKind::Unknown, usage: None }
    }
}

/// The leader's exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExitKind {
    Code(i32),
    #[cfg_attr(windows, expect(dead_code, reason = "a matter of Unix"))]
    Signal {
        number: i32,
        name: String,
        core_dumped: bool,
    },
    /// Other code in the host took the status: a `waitpid(-1)`, or SIGCHLD set to be ignored.
    Unknown,
}
