//! Threads of the engine's own.

use std::thread::Builder;

/// std's own default.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// A thread with a name.
///
/// Without a size for its stack, std would ask the environment for one, in whatever thread this is.
#[expect(clippy::disallowed_methods, reason = "the size is given")]
pub(crate) fn thread(name: &str) -> Builder {
    Builder::new().name(name.to_owned()).stack_size(STACK_BYTES)
}
