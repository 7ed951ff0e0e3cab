//! `exec`: a program and its arguments, verbatim.

use super::invocation::{Context, Invocation};
use super::path_lookup;
use crate::error::ExecutionFailure;

pub(super) fn invocation<A: AsRef<str>>(
    program: &str,
    args: &[A],
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let found = path_lookup::find(program, context)?;
    Ok(Invocation {
        // A program that behaves by its name (busybox) sees the name it was called by, as from a shell.
        arg0: (found.as_os_str() != program).then(|| program.into()),
        program: found,
        args: args.iter().map(|arg| arg.as_ref().into()).collect(),
        ..Invocation::default()
    })
}
