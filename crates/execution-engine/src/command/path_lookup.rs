//! Finds a program as execvp(3) does, on the *child's* PATH and from the *child's* folder. The engine does it
//! itself, because an absolute path keeps the spawn cheap and a miss can be explained.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::invocation::Context;
use crate::error::{ExecutionFailure, FailureCode};

/// What glibc searches when there is no PATH at all.
const DEFAULT_PATH: &str = if cfg!(windows) { "" } else { "/bin:/usr/bin" };
/// The program's absolute path. A name with a separator is a path from the child's folder; any other name is
/// searched on the child's PATH, skipping files that are not executable.
///
/// # Errors
/// `PROGRAM_NOT_FOUND` with the PATH that was searched and the nearest name on it, or the reason why the only
/// file of that name cannot be used.
pub(super) fn find(program: &str, context: &Context) -> Result<PathBuf, ExecutionFailure> {
    if is_path(program) {
        return named(&context.absolute(Path::new(program))?, program, context);
    }
    let path = context.env.get("PATH").unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut unusable = None;
    for dir in folders(path, context) {
        for candidate in with_extensions(&dir.join(program), context) {
            match usability(&candidate) {
                Usability::Usable => return Ok(candidate),
                Usability::NotExecutable => unusable = unusable.or(Some(candidate)),
                Usability::NotThere => {}
            }
        }
    }
    Err(match unusable {
        Some(file) => ExecutionFailure::new(
            FailureCode::NotExecutable,
            format!(
                "`{program}` was found only as `{}`, which is not executable: `chmod +x` it",
                file.display()
            ),
        ),
        None => missing(program, path, context),
    })
}

/// A path from the child's folder. Executing is left to the system, which knows why it refuses.
fn named(file: &Path, given: &str, context: &Context) -> Result<PathBuf, ExecutionFailure> {
    let exists = |file: &Path| std::fs::symlink_metadata(file).is_ok();
    if exists(file) {
        return Ok(file.to_owned());
    }
    if let Some(file) = with_extensions(file, context).into_iter().find(|file| exists(file)) {
        return Ok(file);
    }
    let near = file.parent().and_then(|dir| {
        let name = file.file_name()?.to_str()?;
        context.hints.nearest(name, [dir.to_owned()])
    });
    let near = near.map_or_else(String::new, |name| format!(". There is `{name}` beside it"));
    let from =
        if Path::new(given).is_absolute() { String::new() } else { format!(" (`{}`)", file.display()) };
    // A file in a folder that may not be searched looks missing from here.
    if let Err(error) = std::fs::symlink_metadata(file)
        && error.kind() == std::io::ErrorKind::PermissionDenied
    {
        return Ok(file.to_owned());
    }
    Err(ExecutionFailure::new(FailureCode::ProgramNotFound, format!("`{given}`{from} does not exist{near}")))
}

fn is_path(program: &str) -> bool {
    program.contains('/') || (cfg!(windows) && program.contains(['\\', ':']))
}

/// The folders of a PATH; an empty entry is the child's own folder, as execvp has it.
fn folders(path: &OsStr, context: &Context) -> Vec<PathBuf> {
    std::env::split_paths(path).filter_map(|entry| context.absolute(&entry).ok()).collect()
}

/// On Windows a name without an extension stands for the name with each of PATHEXT.
fn with_extensions(file: &Path, context: &Context) -> Vec<PathBuf> {
    if !cfg!(windows) || file.extension().is_some() {
        return vec![file.to_owned()];
    }
    let listed = context.env.get("PATHEXT").and_then(OsStr::to_str).unwrap_or(".COM;.EXE;.BAT;.CMD");
    listed
        .split(';')
        .filter(|extension| !extension.is_empty())
        .map(|extension| {
            let mut name: OsString = file.as_os_str().to_owned();
            name.push(extension);
            name.into()
        })
        .collect()
}

enum Usability {
    Usable,
    NotExecutable,
    NotThere,
}

fn usability(file: &Path) -> Usability {
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => {
            if is_executable(file) {
                Usability::Usable
            } else {
                Usability::NotExecutable
            }
        }
        _ => Usability::NotThere,
    }
}

/// Whether this process may execute the file.
pub(super) fn is_executable(file: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    file.is_file()
}

/// The hint for a whole command line given as the program.
fn command_line_hint(program: &str) -> String {
    program.trim().split_once(char::is_whitespace).map_or_else(String::new, |(name, args)| {
        format!(
            " The name holds a blank: arguments are given in a list of their own, `{name}` with `{}`, or the line \
             as a command of type `shell`.",
            args.trim_start()
        )
    })
}

fn missing(program: &str, path: &OsStr, context: &Context) -> ExecutionFailure {
    let near = context.hints.nearest(program, folders(path, context));
    let near = near.map_or_else(|| command_line_hint(program), |name| format!(" Did you mean `{name}`?"));
    let message = if path.is_empty() {
        format!(
            "`{program}` was not found: the PATH of the child is empty. Set PATH in `env`, or give a full path"
        )
    } else {
        format!(
            "`{program}` was not found on the PATH ({}).{near} Install it, extend PATH in `env`, or give a full path",
            path.display()
        )
    };
    ExecutionFailure::new(FailureCode::ProgramNotFound, message)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::environment::Environment;
    use super::super::hints::Hints;
    use super::*;

    fn context(path: &str, dir: &Path) -> Context {
        let mut env = Environment::default();
        env.set("PATH", path);
        Context { env, dir: Some(dir.into()), hints: Hints::Nearest }
    }

    fn file(path: &Path, mode: u32) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_childs_path_is_searched_from_the_childs_folder() {
        let dir = tempfile::tempdir().unwrap();
        file(&dir.path().join("bin/tool"), 0o755);
        let found = find("tool", &context("/nowhere:bin", dir.path())).unwrap();
        assert_eq!(found, dir.path().join("bin/tool"));
        file(&dir.path().join("here"), 0o755);
        assert_eq!(find("here", &context("/nowhere:", dir.path())).unwrap(), dir.path().join("here"));
        assert_eq!(find("bin/tool", &context("", dir.path())).unwrap(), dir.path().join("bin/tool"));
    }

    #[test]
    fn folders_and_files_that_are_not_executable_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        file(&dir.path().join("a/tool"), 0o644);
        std::fs::create_dir_all(dir.path().join("b/tool")).unwrap();
        file(&dir.path().join("c/tool"), 0o755);
        assert_eq!(find("tool", &context("a:b:c", dir.path())).unwrap(), dir.path().join("c/tool"));
        let failure = find("tool", &context("a:b", dir.path())).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotExecutable);
        assert!(failure.message.contains("a/tool"), "{failure}");
    }

    #[test]
    fn a_command_line_given_as_program_gets_a_hint_about_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let missing = |program| find(program, &context("bin", dir.path())).unwrap_err().message;
        assert!(
            missing("git status --short").contains("in a list of their own, `git` with `status --short`")
        );
        assert!(!missing("git").contains("list"));
    }

    #[test]
    fn a_missing_program_names_the_path_and_the_nearest_match() {
        let dir = tempfile::tempdir().unwrap();
        file(&dir.path().join("bin/terraform"), 0o755);
        let path = dir.path().join("bin").display().to_string();
        let failure = find("terrafrom", &context(&path, dir.path())).unwrap_err();
        assert_eq!(failure.code, FailureCode::ProgramNotFound);
        assert!(failure.message.contains("Did you mean `terraform`?"), "{failure}");
        assert!(failure.message.contains(&path), "{failure}");
        let failure = find("kubectl", &context(&path, dir.path())).unwrap_err();
        assert!(!failure.message.contains("Did you mean"), "{failure}");
        let failure = find("bin/teraform", &context("", dir.path())).unwrap_err();
        assert!(failure.message.contains("There is `terraform` beside it"), "{failure}");
    }
}
