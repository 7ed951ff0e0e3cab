//! Lets the runtime watch a descriptor: the only call of this kind that needs `unsafe`.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Lets the runtime of the calling task watch a descriptor.
pub(crate) fn watch_readable(descriptor: Arc<OwnedFd>) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    // SAFETY: an OwnedFd gives the same open descriptor for as long as it lives, and the AsyncFd shares it.
    unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.map_err(Into::into)
}
