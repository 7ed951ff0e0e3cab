//! [`LogLocation`]: where logs are kept.

use std::io;
use std::path::{Path, PathBuf};

use crate::folder::LogFolder;

/// The default folder's name, in the system's temporary folder.
const DEFAULT_NAME: &str = "cloudops-executions";

/// Where an engine keeps its logs. Working folder and environment are read once, when this is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLocation {
    /// A configured folder.
    Configured(PathBuf),
    /// The default.
    Default {
        /// In the system's temporary folder, under a well-known name.
        shared: PathBuf,
        /// Beside it, for this user: if `shared` belongs to another user.
        own: PathBuf,
    },
}

impl LogLocation {
    /// The configured folder, or else the default.
    #[must_use]
    pub fn new(configured: Option<&Path>) -> Self {
        if let Some(path) = configured {
            // If the working folder is gone, the path stays relative: opening it then says why it fails.
            return Self::Configured(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        }
        let shared = std::env::temp_dir().join(DEFAULT_NAME);
        let own = shared.with_file_name(format!("{DEFAULT_NAME}-{}", user_name()));
        Self::Default { shared, own }
    }

    /// Opens the folder for reading. Never creates one.
    ///
    /// # Errors
    /// As for [`LogFolder::open`]: `NotFound` if no log was written yet.
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
