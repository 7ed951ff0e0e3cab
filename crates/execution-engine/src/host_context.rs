//! What a call takes from its host, as data: the environment and the working folder.
//!
//! Both belong to the process, and the host may change them whenever it likes. So they are read once, on the
//! caller's thread, while it calls: a command that starts later starts as if it had started then. And no
//! other thread ever reads the environment: the C library may free it under a reader while the host changes
//! it. `clippy.toml` forbids the functions that would.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// The variables of an environment, in its order. Cheap to clone.
#[doc(hidden)] // For bindings, whose hosts may have an environment that is not the process's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HostEnvironment(Arc<[(OsString, OsString)]>);

impl HostEnvironment {
    /// These variables, without any that no process can have: by its name, or with a NUL.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(
            variables
                .filter(|(name, value)| is_name(name) && !value.as_encoded_bytes().contains(&0))
                .collect(),
        )
    }

    /// The process's, as it is now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the calling thread is the caller's")]
    pub fn of_process() -> Self {
        /// Queued calls share it while it has not changed.
        static LAST: Mutex<Option<HostEnvironment>> = Mutex::new(None);
        let now: Vec<_> = std::env::vars_os().collect();
        let mut last = lock(&LAST);
        match &*last {
            Some(known) if *known.0 == *now => known.clone(),
            _ => last.insert(Self(now.into())).clone(),
        }
    }

    /// All variables. One name may occur twice; the first one counts, as for getenv(3).
    #[must_use]
    pub fn variables(&self) -> &[(OsString, OsString)] {
        &self.0
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_os_str())
    }
}

fn is_name(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    !name.is_empty() && !name.contains(&b'=') && !name.contains(&0)
}

impl std::fmt::Debug for HostEnvironment {
    /// Its values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The host of a call, as it was at the call.
#[derive(Debug, Clone)]
pub(crate) struct HostContext {
    pub(crate) environment: HostEnvironment,
    /// `None` if it has been deleted.
    pub(crate) working_dir: Option<Arc<Path>>,
}

impl HostContext {
    /// Takes the working folder of the calling thread's process.
    #[expect(clippy::disallowed_methods, reason = "the calling thread is the caller's")]
    pub(crate) fn new(environment: HostEnvironment) -> Self {
        Self { environment, working_dir: std::env::current_dir().ok().map(Arc::from) }
    }

    /// A path from the host's folder, absolute. `None` if that folder has been deleted.
    pub(crate) fn absolute(&self, path: &Path) -> Option<PathBuf> {
        absolute(path, self.working_dir.as_deref())
    }

    /// Where temporary files go.
    pub(crate) fn temp_dir(&self) -> PathBuf {
        let variables: &[&str] = if cfg!(windows) { &["TMP", "TEMP", "USERPROFILE"] } else { &["TMPDIR"] };
        let default = if cfg!(windows) { r"C:\Windows\Temp" } else { "/tmp" };
        let dirs = variables.iter().filter_map(|name| self.environment.get(name));
        let mut absolute = dirs.filter(|dir| !dir.is_empty()).filter_map(|dir| self.absolute(dir.as_ref()));
        absolute.next().unwrap_or_else(|| default.into())
    }

    /// Who the host runs as, where the environment says it.
    pub(crate) fn user_name(&self) -> Option<&OsStr> {
        self.environment.get("USERNAME")
    }
}

/// A path from `dir`, an absolute path. `None` if it is relative and there is no such folder.
pub(crate) fn absolute(path: &Path, dir: Option<&Path>) -> Option<PathBuf> {
    let joined = dir.map_or_else(|| path.to_owned(), |dir| dir.join(path));
    if !joined.is_absolute() {
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "no working folder is read for an absolute path")]
    Some(std::path::absolute(&joined).unwrap_or(joined))
}
