//! Checks of a request's strings that need no system call.

use crate::error::InvalidField;

pub(super) fn not_empty(field: &str, value: &str) -> Result<(), InvalidField> {
    if value.trim().is_empty() {
        return Err(InvalidField::new(field, format!("{value:?}"), "it must not be empty"));
    }
    Ok(())
}

/// The kernel reads strings up to the first NUL: the rest would silently be lost.
pub(super) fn no_nul(field: &str, value: &str) -> Result<(), InvalidField> {
    match value.find('\0') {
        Some(at) => Err(InvalidField::new(
            field,
            format!("{value:?}"),
            format!("the NUL at byte {at} cannot be passed to a process"),
        )),
        None => Ok(()),
    }
}

/// The system silently accepts `A=B` as a name, but it means something else to the child.
pub(super) fn check_env_name(field: &str, name: &str) -> Result<(), InvalidField> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(InvalidField::new(
            field,
            format!("{name:?}"),
            "a variable's name must not be empty and holds neither `=` nor NUL",
        ));
    }
    Ok(())
}
