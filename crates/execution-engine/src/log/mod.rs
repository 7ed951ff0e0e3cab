//! The writing of logs: `<folder>/<id>.log`, while the child runs, byte-exact. Their format and its reader are the
//! crate `execution-log`.
//!
//! * [`handle`] gathers what happens to one execution; [`service`] owns the thread, [`writer`], that formats
//!   ([`formatter`]) and writes; [`job`] is what one asks of the other.
//! * [`part_file`] appends and rotates; [`spill`] holds whole streams; [`folder`] is where, and for whose eyes.
//! * [`footer`] says how an execution ended; [`interrupted`] does so for a writer that died.
//!
//! Nothing is synced to the platter: a log survives the death of its program, and a power cut costs
//! its last seconds, which the reader expects.

mod folder;
mod footer;
mod formatter;
mod handle;
mod interrupted;
mod job;
mod part_file;
mod service;
mod spill;
mod writer;

pub(crate) use folder::remove;
#[cfg(feature = "internals")]
pub(crate) use formatter::formatted_bytes;
pub(crate) use handle::ExecutionLog;
pub(crate) use interrupted::end_interrupted;
pub(crate) use job::LogPath;
pub(crate) use service::LogService;
