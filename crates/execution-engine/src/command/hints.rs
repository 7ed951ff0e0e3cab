//! [`Hints`]: the name nearest to one that was not found.
//!
//! The search reads whole folders, perhaps over a network. Every start waits for the spawner thread, so that
//! thread only notices that a program is missing. [`explained`] searches later, when only the failed
//! execution waits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::{ExecutionFailure, FailureCode};

/// Names that one search compares.
const MAX_NAMES: usize = 20_000;
/// How long a failure waits for its hint: a folder may hang.
const DEADLINE: Duration = Duration::from_secs(5);
/// Concurrent searches in all engines: a hint is not worth more threads.
static SEARCHES: Semaphore = Semaphore::const_new(2);

/// Whether a failed look-up searches for the nearest name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hints {
    None,
    Nearest,
}

impl Hints {
    /// The name in these folders that is nearest to `asked`.
    pub(super) fn nearest(self, asked: &str, folders: impl IntoIterator<Item = PathBuf>) -> Option<String> {
        match self {
            Self::None => None,
            Self::Nearest => {
                nearest(asked, folders.into_iter().flat_map(|dir| names_in(&dir)).take(MAX_NAMES))
            }
        }
    }
}

/// The same failure with a hint, if `search` finds one in time. Off the runtime.
pub(super) async fn explained(
    failure: ExecutionFailure,
    search: impl FnOnce() -> Option<ExecutionFailure> + Send + 'static,
) -> ExecutionFailure {
    // A script's `#!` line that names a missing program is not executable.
    if !matches!(failure.code, FailureCode::ProgramNotFound | FailureCode::NotExecutable) {
        return failure;
    }
    let searched = async {
        let permit = SEARCHES.acquire().await.ok()?;
        let search = move || {
            // Held until the search ends, even if the failure was returned long before.
            let _permit = permit;
            search()
        };
        spawn_blocking(search).await.ok()?
    };
    timeout(DEADLINE, searched).await.ok().flatten().unwrap_or(failure)
}

fn names_in(dir: &Path) -> impl Iterator<Item = String> + use<> {
    std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

/// The name closest to the one asked for, if it is close: a letter in three.
fn nearest(asked: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let most = (asked.chars().count() / 3).max(1);
    names
        .filter(|name| name.len().abs_diff(asked.len()) <= most)
        .map(|name| (strsim::damerau_levenshtein(asked, &name), name))
        // With two letters or fewer, everything is near everything (`ls` for `l`).
        .filter(|(distance, _)| *distance <= most && *distance < asked.chars().count())
        .min()
        .map(|(_, name)| name)
}
