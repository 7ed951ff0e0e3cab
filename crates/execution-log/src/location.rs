//! [`LogLocation`]: where logs are kept.

use std::io;
use std::path::{Path, PathBuf};

use crate::folder::LogFolder;

/// The default folder's name, in the system's temporary folder.
const DEFAULT_NAME: &str = "cloudops-executions";

/// Where an engine keeps its logs. Working folder and environment decide when it is made, and no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLocation {
    /// A folder of the user's choice.
    Configured(PathBuf),
    /// The default.
    Default {
        /// In the system's temporary folder, under a name that everybody knows.
        shared: PathBuf,
        /// Beside it, for this user: where `shared` belongs to another.
        own: PathBuf,
    },
}

impl LogLocation {
    /// The folder that a configuration names, or else the default.
    #[must_use]
    pub fn new(configured: Option<&Path>) -> Self {
        if let Some(path) = configured {
            // A working folder that is gone leaves the path as it is: opening it then says why it cannot be.
            return Self::Configured(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        }
        let shared = std::env::temp_dir().join(DEFAULT_NAME);
        let own = shared.with_file_name(format!("{DEFAULT_NAME}-{}", user_name()));
        Self::Default { shared, own }
    }

    /// Opens the folder to read in it. Never makes one.
    ///
    /// # Errors
    /// As [`LogFolder::open`]: `NotFound` where no log was written yet.
    pub fn open(&self) -> io::Result<LogFolder> {
        match self {
            Self::Configured(path) => LogFolder::open(path),
            Self::Default { shared, own } => {
                LogFolder::open_unlinked(shared).or_else(|_| LogFolder::open_unlinked(own))
            }
        }
    }
}

#[cfg(unix)]
fn user_name() -> String {
    rustix::process::geteuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user_name() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "user".to_owned())
}
