//! Writes logs: `<folder>/<id>.log`, while the child runs, byte-exact. Their format and reader are in the
//! crate `execution-log`.
//!
//! * [`handle`] collects what happens to one execution; [`service`] owns the thread, [`writer`], that formats
//!   ([`formatter`]) and writes; [`job`] is the messages between them.
//! * [`part_file`] appends and rotates; [`spill`] holds whole streams; [`identity`] notices files that others
//!   have moved; [`free_space`] keeps a part of the disk free.
//! * [`header_bounds`] keeps the first line short; [`footer`] says how an execution ended; [`interrupted`]
//!   does so for a writer that died.
//!
//! Nothing is synced to the disk: a log survives the death of its program, but a power cut costs its last
//! seconds, which the reader expects.

mod footer;
mod formatter;
mod free_space;
mod handle;
mod header_bounds;
mod identity;
mod interrupted;
mod job;
#[cfg(windows)]
mod os_free_space;
mod part_file;
mod service;
mod spill;
mod writer;

#[cfg(feature = "internals")]
pub(crate) use formatter::formatted_bytes;
pub(crate) use handle::ExecutionLog;
pub(crate) use interrupted::end_interrupted;
pub(crate) use job::{FinishedLog, LogPath, StoredFile};
pub(crate) use service::LogService;
