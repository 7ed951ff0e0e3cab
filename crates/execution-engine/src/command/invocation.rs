//! What a command resolves to, and the context it is looked up in.

use std::ffi::OsString;
use std::path::PathBuf;

use super::environment::Environment;
use super::hints::Hints;

/// A program that was found, and its arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Invocation {
    /// An absolute path.
    pub(super) program: PathBuf,
    /// The name as requested, if that differs.
    pub(super) arg0: Option<OsString>,
    pub(super) args: Vec<OsString>,
    /// For `cmd.exe` only.
    pub(super) raw_tail: Option<OsString>,
}

/// Where the child will run, and its environment.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) env: Environment,
    /// The child's working folder, absolute; empty if the host's own has been deleted.
    pub(super) dir: PathBuf,
    pub(super) hints: Hints,
}
