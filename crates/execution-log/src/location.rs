//! [`LogLocation`]: where logs are kept.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::folder::LogFolder;
use crate::user_folder::UserFolder;

/// The default folder's name, in the system's temporary folder.
const DEFAULT_NAME: &str = "cloudops-executions";

/// Where an engine keeps its logs.
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
    /// The default, in this folder for temporary files. `user` names the user in the name of the folder that
    /// is for them only; on Unix their id does.
    #[must_use]
    pub fn default_in(temp_dir: &Path, user: Option<&OsStr>) -> Self {
        let mut own = OsString::from(DEFAULT_NAME);
        own.push("-");
        own.push(user_name(user));
        Self::Default { shared: temp_dir.join(DEFAULT_NAME), own: temp_dir.join(own) }
    }

    /// Opens the folder for reading. Never creates one.
    ///
    /// # Errors
    /// As for [`LogFolder::open`]: `NotFound` if no log was written yet.
    pub fn open(&self) -> io::Result<LogFolder> {
        match self {
            Self::Configured(path) => LogFolder::open(path),
            Self::Default { shared, own } => LogFolder::open(shared).or_else(|_| LogFolder::open(own)),
        }
    }

    /// Opens the folder, and creates it if it is missing. Also says what its user should know: that it is not
    /// the expected one, or that other users can put another one in its place.
    ///
    /// A configured folder that existed before keeps its permissions: it may serve other purposes, and the
    /// files in it are for their owner only in any case.
    ///
    /// # Errors
    /// As for [`UserFolder::open_or_create`].
    pub fn open_or_create(&self) -> io::Result<(LogFolder, Option<String>)> {
        let (folder, fallback) = match self {
            Self::Configured(path) => (UserFolder::open_or_create(path)?, None),
            Self::Default { shared, own } => match closed(shared) {
                Ok(folder) => (folder, None),
                Err(error) => (closed(own)?, Some(format!("logs go to {}, because {error}", own.display()))),
            },
        };
        let exposure = folder.exposure().map(|exposure| {
            let path = folder.path().display();
            format!("other users can put another folder in the place of {path}: {exposure}")
        });
        let notice = [fallback, exposure].into_iter().flatten().reduce(|one, other| one + "; " + &other);
        Ok((folder.into(), notice))
    }
}

/// A folder whose name is known on the whole machine.
fn closed(path: &Path) -> io::Result<UserFolder> {
    let folder = UserFolder::open_or_create(path)?;
    folder.close_to_others()?;
    Ok(folder)
}

#[cfg(unix)]
fn user_name(_: Option<&OsStr>) -> OsString {
    rustix::process::geteuid().as_raw().to_string().into()
}

#[cfg(not(unix))]
fn user_name(user: Option<&OsStr>) -> OsString {
    user.unwrap_or(OsStr::new("user")).to_owned()
}
