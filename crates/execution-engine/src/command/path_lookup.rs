//! Where a program is: as `execvp` looks it up, on the child's own PATH, from the child's own folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::FailureCode;
use crate::process::SpawnFailure;

/// Where `execvp` looks when there is no PATH.
const DEFAULT_PATH: &str = if cfg!(windows) { "" } else { "/bin:/usr/bin" };
/// A suggestion may differ by this much.
const MAX_SLIPS: usize = 2;

/// The absolute path of a program's file.
pub(super) fn resolve(
    program: &str,
    path: Option<&OsStr>,
    working_dir: Option<&Path>,
) -> Result<PathBuf, SpawnFailure> {
    let absolute = |file: &Path| {
        let file = working_dir.map_or_else(|| file.to_path_buf(), |dir| dir.join(file));
        std::path::absolute(&file).unwrap_or(file)
    };
    if program.contains(std::path::is_separator) {
        let file = absolute(Path::new(program));
        return usable(&file).map(|()| file);
    }
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut unusable = None;
    for dir in std::env::split_paths(path) {
        for name in candidates(program) {
            let file = absolute(&dir.join(name));
            match usable(&file) {
                Ok(()) => return Ok(file),
                Err(failure) if failure.code == FailureCode::NotExecutable && !file.is_dir() => {
                    unusable.get_or_insert(failure);
                }
                Err(_) => {}
            }
        }
    }
    Err(unusable.unwrap_or_else(|| not_found(program, path)))
}

/// On Windows a name stands for several files.
fn candidates(program: &str) -> Vec<String> {
    if cfg!(windows) && Path::new(program).extension().is_none() {
        let extensions = std::env::var("PATHEXT").unwrap_or_else(|_| ".COM;.EXE;.BAT;.CMD".to_owned());
        return extensions.split(';').map(|extension| format!("{program}{extension}")).collect();
    }
    vec![program.to_owned()]
}

fn usable(file: &Path) -> Result<(), SpawnFailure> {
    let shown = file.display();
    match file.metadata() {
        Ok(meta) if meta.is_dir() => {
            Err(SpawnFailure::new(FailureCode::NotExecutable, format!("{shown} is a folder, not a program")))
        }
        Ok(_) if is_executable(file) => Ok(()),
        Ok(_) => Err(SpawnFailure::new(
            FailureCode::NotExecutable,
            format!(
                "{shown} is not executable; `chmod +x` makes it so, or run it as a script with an interpreter"
            ),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(SpawnFailure::new(
            FailureCode::PermissionDenied,
            format!("{shown} cannot be reached: a folder on the way is closed"),
        )),
        Err(_) => Err(SpawnFailure::new(FailureCode::ProgramNotFound, format!("there is no file {shown}"))),
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

fn not_found(program: &str, path: &OsStr) -> SpawnFailure {
    let hint = nearest(program, path).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let message = format!("there is no program `{program}` on the PATH{hint} (searched: {})", path.display());
    SpawnFailure::new(FailureCode::ProgramNotFound, message)
}

/// The name among all programs on the PATH with the fewest slips of the finger between them (Damerau
/// and Levenshtein's distance). Only looked for when something is missing.
fn nearest(program: &str, path: &OsStr) -> Option<String> {
    std::env::split_paths(path)
        .filter_map(|dir| dir.read_dir().ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| (strsim::damerau_levenshtein(program, &name), name))
        .filter(|(slips, _)| *slips <= MAX_SLIPS.min(program.chars().count() / 2))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_on_the_given_path_only() {
        assert!(resolve("sh", Some(OsStr::new("/bin")), None).unwrap().ends_with("sh"));
        let missing = resolve("sh", Some(OsStr::new("/var/empty")), None).unwrap_err();
        assert_eq!(missing.code, FailureCode::ProgramNotFound);
        assert!(missing.message.contains("/var/empty"), "{}", missing.message);
    }

    #[test]
    fn a_relative_program_is_relative_to_the_working_folder() {
        let found = resolve("./sh", None, Some(Path::new("/bin"))).unwrap();
        assert!(found.is_absolute() && found.starts_with("/bin"), "{found:?}");
    }
}
