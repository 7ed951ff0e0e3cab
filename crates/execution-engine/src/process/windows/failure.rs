//! Why the system did not spawn a process.

use std::io;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_EXE_FORMAT, ERROR_COMMITMENT_LIMIT, ERROR_DIRECTORY,
    ERROR_ELEVATION_REQUIRED, ERROR_EXE_MACHINE_TYPE_MISMATCH, ERROR_FILE_NOT_FOUND,
    ERROR_FILENAME_EXCED_RANGE, ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_ENOUGH_QUOTA,
    ERROR_PATH_NOT_FOUND, ERROR_SHARING_VIOLATION, ERROR_TOO_MANY_OPEN_FILES,
};

use crate::error::{ExecutionFailure, FailureCode};
use crate::process::spec::{SpawnSpec, Transience};
use crate::process::working_dir::check_working_dir;

fn os_code(error: &io::Error) -> u32 {
    error.raw_os_error().map_or(0, i32::cast_unsigned)
}

/// Whether a retry may help.
pub(in crate::process) fn transience(error: &io::Error) -> Transience {
    match os_code(error) {
        ERROR_SHARING_VIOLATION => Transience::ProgramBusy,
        ERROR_TOO_MANY_OPEN_FILES
        | ERROR_NOT_ENOUGH_MEMORY
        | ERROR_NOT_ENOUGH_QUOTA
        | ERROR_NO_SYSTEM_RESOURCES
        | ERROR_COMMITMENT_LIMIT => Transience::Exhausted,
        _ => Transience::Lasting,
    }
}

/// The code and the message for a permanent error.
pub(in crate::process) fn explain(spec: &SpawnSpec, error: &io::Error, tries: u32) -> ExecutionFailure {
    let program = spec.program.display();
    let is_missing = matches!(os_code(error), ERROR_DIRECTORY | ERROR_PATH_NOT_FOUND | ERROR_FILE_NOT_FOUND);
    if is_missing
        && let Some(dir) = &spec.working_dir
        && let Err(failure) = check_working_dir(dir)
    {
        return failure;
    }
    let (code, message) = match os_code(error) {
        ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => {
            (FailureCode::ProgramNotFound, format!("`{program}` does not exist"))
        }
        ERROR_ACCESS_DENIED if spec.program.is_dir() => {
            (FailureCode::NotExecutable, format!("`{program}` is a folder, not a program"))
        }
        ERROR_ACCESS_DENIED => (
            FailureCode::PermissionDenied,
            format!(
                "the system does not permit to run `{program}`: check its permissions, or a security policy"
            ),
        ),
        ERROR_ELEVATION_REQUIRED => (
            FailureCode::PermissionDenied,
            format!("`{program}` asks for administrator rights: run the host with them"),
        ),
        ERROR_BAD_EXE_FORMAT | ERROR_EXE_MACHINE_TYPE_MISMATCH => (
            FailureCode::NotExecutable,
            format!("`{program}` is not a program for this system: a script needs an `interpreter`"),
        ),
        ERROR_FILENAME_EXCED_RANGE => (
            FailureCode::ArgumentsTooLong,
            format!(
                "the command line of `{program}` is longer than the 32767 characters that the system takes: \
                 pass the longest argument through a file or through stdin"
            ),
        ),
        _ => match transience(error) {
            Transience::Exhausted => (
                FailureCode::ResourceExhausted,
                format!("`{program}` was not started, still after {tries} tries: {error}. Run less at once"),
            ),
            Transience::ProgramBusy => (
                FailureCode::SpawnFailed,
                format!("`{program}` is in use by another process, still after {tries} tries"),
            ),
            Transience::Lasting => {
                (FailureCode::SpawnFailed, format!("`{program}` could not be started: {error}"))
            }
        },
    };
    ExecutionFailure { code, message }
}
