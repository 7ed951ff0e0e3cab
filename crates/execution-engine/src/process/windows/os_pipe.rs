//! Pipes with an overlapped end for the runtime and a plain one for the child.
//!
//! Windows' anonymous pipes cannot be awaited, and `std`'s pipe reads take a thread each. A child must not
//! get an overlapped handle either (tokio#4824): programs read and write it synchronously. So, as inside
//! `std`, each pipe is a named one with a single instance, opened once more as a file.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{FromRawHandle, IntoRawHandle, OwnedHandle};
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::windows::named_pipe::NamedPipeServer;
use uuid::Uuid;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
};

use crate::host_loop::Reactor;

const CAPACITY: u32 = 64 * 1024;

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    FromChild,
    ToChild,
}

/// The host's end of a pipe that is not registered with a runtime yet.
pub(in crate::process) type PipeEnd = OwnedHandle;

/// A pipe for the child's output: the host's end, and the child's.
pub(in crate::process) fn output_pipe() -> io::Result<(PipeEnd, Stdio)> {
    pipe(Direction::FromChild).map(|(ours, childs)| (ours, childs.into()))
}

/// A pipe for the child's input: the host's end, and the child's.
pub(in crate::process) fn input_pipe() -> io::Result<(PipeEnd, Stdio)> {
    pipe(Direction::ToChild).map(|(ours, childs)| (ours, childs.into()))
}

/// An input that is at its end.
#[expect(clippy::unnecessary_wraps, reason = "on Unix a file is opened for it")]
pub(in crate::process) fn no_input() -> io::Result<Stdio> {
    Ok(Stdio::null())
}

/// The host's end, overlapped, and the child's.
fn pipe(direction: Direction) -> io::Result<(OwnedHandle, File)> {
    let name = std::ffi::OsString::from(format!(r"\\.\pipe\execution-engine-{}", Uuid::now_v7()));
    let wide: Vec<u16> = name.encode_wide().chain([0]).collect();
    let access = match direction {
        Direction::FromChild => PIPE_ACCESS_INBOUND,
        Direction::ToChild => PIPE_ACCESS_OUTBOUND,
    };
    // SAFETY: the name ends in a NUL; null security is the default, which is not inheritable.
    let handle = unsafe {
        CreateNamedPipeW(
            wide.as_ptr(),
            access | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            CAPACITY,
            CAPACITY,
            0,
            std::ptr::null(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a handle that was just created and has no other owner.
    let ours = unsafe { OwnedHandle::from_raw_handle(handle) };
    let childs = OpenOptions::new()
        .write(direction == Direction::FromChild)
        .read(direction == Direction::ToChild)
        .share_mode(0)
        .open(&name)?;
    Ok((ours, childs))
}

/// Registers the host's end with the runtime of the calling task.
fn register(end: OwnedHandle) -> io::Result<NamedPipeServer> {
    // SAFETY: the handle is a named pipe opened as overlapped, and ownership goes over.
    unsafe { NamedPipeServer::from_raw_handle(end.into_raw_handle()) }
}

/// The reading end of the child's stdout or stderr.
#[derive(Debug)]
pub(crate) struct PipeReader(NamedPipeServer);

impl PipeReader {
    pub(in crate::process) fn new(end: PipeEnd) -> io::Result<Self> {
        register(end).map(Self)
    }

    /// There is no host loop here.
    #[expect(clippy::unused_self, reason = "on Linux there is")]
    pub(crate) fn enter(&mut self, reactor: &Arc<Reactor>) {
        match **reactor {}
    }

    /// There is no host loop here.
    #[expect(clippy::unused_self, reason = "on Linux there is")]
    pub(crate) fn leave(&mut self) {}

    /// There is no host loop here.
    #[expect(clippy::unused_self, reason = "on Linux there is")]
    pub(crate) fn is_in_host(&self) -> bool {
        false
    }

    /// Whether there are bytes or the end of file; wakes the one task that polls.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        // The read returns the error again, with its reason.
        self.0.poll_read_ready(context).map(drop)
    }

    /// Reads what is there: `Ok(0)` is the end of file, `WouldBlock` means nothing yet.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.try_read(buffer) {
            // All writing ends are closed: what Unix calls the end of file.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
            read => read,
        }
    }

    /// The same as [`try_read`](Self::try_read) here: the runtime needs no event.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.try_read(buffer)
    }

    /// Whether the pipe is empty now: unknown here.
    #[expect(clippy::unused_self, reason = "on Unix the pipe is asked")]
    pub(crate) fn is_empty(&self) -> bool {
        false
    }

    /// How many bytes the pipe itself can hold, and so the most that a drain after the exit may find.
    #[expect(clippy::unused_self, reason = "on Linux the pipe is asked")]
    pub(crate) fn capacity(&self) -> usize {
        CAPACITY as usize
    }
}

/// The writing end of the child's stdin.
pub(crate) type PipeWriter = NamedPipeServer;

/// Registers the host's end of the child's stdin with the runtime of the calling task.
pub(in crate::process) fn pipe_writer(end: PipeEnd) -> io::Result<PipeWriter> {
    register(end)
}
