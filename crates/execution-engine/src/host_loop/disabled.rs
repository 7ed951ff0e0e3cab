//! No host's loop: without the feature `host-loop`, and on other systems than Linux, the runtime alone reads.

use std::sync::Arc;
#[cfg(unix)]
use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

/// There is none.
#[derive(Debug)]
pub(crate) enum Reactor {}

/// Nor is there anything that a host could hold.
#[derive(Debug)]
pub(crate) enum HostLoop {}

impl HostLoop {
    pub(crate) fn join(&self, _runtime: &Handle) -> Arc<Reactor> {
        match *self {}
    }
}

/// Nothing can be watched by a reactor that is not there.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) enum Watched {}

impl Reactor {
    pub(crate) fn is_open(&self) -> bool {
        match *self {}
    }

    #[cfg(unix)]
    pub(crate) fn watch(self: &Arc<Self>, _pipe: &Arc<OwnedFd>) -> io::Result<Watched> {
        match **self {}
    }
}

#[cfg(unix)]
impl Watched {
    pub(crate) fn poll_readable(&self, _context: &mut Context<'_>) -> Poll<()> {
        match *self {}
    }

    pub(crate) fn try_read<T>(&self, _read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match *self {}
    }
}

/// Spawns an execution's task.
pub(crate) fn spawn(
    runtime: &Handle,
    _reactor: Option<&Arc<Reactor>>,
    task: impl Future<Output = ()> + Send + 'static,
) {
    runtime.spawn(task);
}
