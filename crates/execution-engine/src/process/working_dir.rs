//! Why a folder cannot be a child's working folder. The system would say that the program was "not found".

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{ExecutionFailure, FailureCode};

/// Whether a child can start in `dir`, an absolute path.
///
/// # Errors
/// The reason, and how to fix it.
pub(crate) fn check_working_dir(dir: &Path) -> Result<(), ExecutionFailure> {
    let fails = |code, why: &str| {
        Err(ExecutionFailure::new(code, format!("the working folder `{}` {why}", dir.display())))
    };
    match std::fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => fails(FailureCode::WorkingDirNotFound, "is not a folder"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            fails(FailureCode::PermissionDenied, "cannot be reached: a folder on the way is closed")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let existing = dir.ancestors().skip(1).find(|dir| dir.is_dir());
            let existing = existing.map_or_else(String::new, |dir| format!(" (`{}` does)", dir.display()));
            let why = format!("does not exist{existing}: create it, or name another");
            fails(FailureCode::WorkingDirNotFound, &why)
        }
        Err(error) => fails(FailureCode::WorkingDirNotFound, &format!("cannot be used: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_named_with_the_part_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let failure = check_working_dir(&dir.path().join("a/b")).unwrap_err();
        assert_eq!(failure.code, FailureCode::WorkingDirNotFound);
        let message = failure.message;
        assert!(message.contains("a/b") && message.contains(&format!("`{}` does", dir.path().display())));
    }

    #[test]
    fn a_file_is_no_working_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = check_working_dir(file.path()).unwrap_err();
        assert_eq!(failure.code, FailureCode::WorkingDirNotFound);
        assert!(failure.message.contains("is not a folder"), "{failure}");
    }
}
