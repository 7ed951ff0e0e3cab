//! What a command is looked up with, and what comes of it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::environment::Environment;
use super::hints::Hints;

/// A program that was found, and what it is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Invocation {
    /// An absolute path.
    pub(super) program: PathBuf,
    /// The name as it was asked for, where that differs.
    pub(super) arg0: Option<OsString>,
    pub(super) args: Vec<OsString>,
    /// Only for `cmd.exe`.
    pub(super) raw_tail: Option<OsString>,
}

/// Where the child will run, and what it will find there.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) env: Environment,
    /// The child's working folder, absolute; empty when the host's own has been deleted.
    pub(super) dir: PathBuf,
    pub(super) hints: Hints,
}
