//! No [`Reactor`]: here the runtime alone watches pipes.

use std::io;
use std::sync::Weak;
use std::task::Waker;

/// There is none.
#[derive(Debug)]
pub(crate) enum Reactor {}

impl Reactor {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn ready(&self, _: impl FnMut(Waker, bool)) -> bool {
        match *self {}
    }

    pub(crate) async fn stand_in(_: Weak<Self>) {}
}
