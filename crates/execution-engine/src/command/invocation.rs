//! What a command resolves to, and the context it is looked up in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::hints::Hints;
use crate::error::{ExecutionFailure, FailureCode};
use crate::host_context::absolute;

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
    /// The child's working folder, absolute. `None` if it is the host's, and that had been deleted.
    pub(super) dir: Option<Arc<Path>>,
    pub(super) hints: Hints,
}

impl Context {
    /// A path from the child's folder, absolute.
    ///
    /// # Errors
    /// If it is relative, and there is no such folder.
    pub(super) fn absolute(&self, path: &Path) -> Result<PathBuf, ExecutionFailure> {
        absolute(path, self.dir.as_deref()).ok_or_else(|| no_folder(path))
    }
}

/// Why a relative path leads nowhere.
pub(super) fn no_folder(path: &Path) -> ExecutionFailure {
    let message = format!("`{}` is relative, and the host's working folder has been deleted", path.display());
    ExecutionFailure::new(FailureCode::WorkingDirNotFound, message)
}
