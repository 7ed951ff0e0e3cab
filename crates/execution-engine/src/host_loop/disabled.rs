//! Stands in without the feature `host-loop`, and on systems other than Linux: the runtime alone reads.

use std::sync::Arc;
#[cfg(unix)]
use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

/// Never constructed.
#[derive(Debug)]
pub(crate) enum Reactor {}

/// Never constructed, so a host has none.
#[derive(Debug)]
pub(crate) enum HostLoop {}

impl HostLoop {
    pub(crate) fn join(&self, _runtime: &Handle) -> Arc<Reactor> {
        match *self {}
    }
}

/// Never constructed, so it watches nothing.
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
