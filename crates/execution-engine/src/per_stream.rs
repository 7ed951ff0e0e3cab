//! [`PerStream`]: a pair of values, one for each output stream.

use std::ops::{Index, IndexMut};

use crate::event::OutputStream;

pub(crate) const STREAMS: [OutputStream; 2] = [OutputStream::Stdout, OutputStream::Stderr];

/// One value per stream, indexed by the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PerStream<T> {
    pub(crate) stdout: T,
    pub(crate) stderr: T,
}

impl<T> PerStream<T> {
    pub(crate) fn from_fn(mut make: impl FnMut() -> T) -> Self {
        Self { stdout: make(), stderr: make() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.stdout, &self.stderr].into_iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.stdout, &mut self.stderr].into_iter()
    }
}

impl<T> Index<OutputStream> for PerStream<T> {
    type Output = T;

    fn index(&self, stream: OutputStream) -> &T {
        match stream {
            OutputStream::Stdout => &self.stdout,
            OutputStream::Stderr => &self.stderr,
        }
    }
}

impl<T> IndexMut<OutputStream> for PerStream<T> {
    fn index_mut(&mut self, stream: OutputStream) -> &mut T {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }
}

/// The stream that this one is not.
pub(crate) fn other(stream: OutputStream) -> OutputStream {
    match stream {
        OutputStream::Stdout => OutputStream::Stderr,
        OutputStream::Stderr => OutputStream::Stdout,
    }
}
