//! `<folder>/<id>.log`: written while the child runs, readable by people and programs, byte-exact.
//!
//! ```text
//! #execlog/1 {"id":"…","part":1,"command":"git status","pid":4711,…}
//! 2025-10-21T10:30:05.201337Z O  Found 15 instances
//! 2025-10-21T10:30:05.201402Z E  warning: region defaulted
//! 2025-10-21T10:30:05.300000Z O+ progress 10%
//! 2025-10-21T10:30:06.000000Z #  {"event":"signal","signal":"SIGTERM","why":"timeout"}
//! #end {"status":"timeout","exit_code":null,…}
//! ```
//!
//! A record is a prefix of 31 bytes, then the child's bytes as they are, then `\n`. `+` marks a
//! record whose line goes on in the next one of its stream. (The container runtimes' format, with a
//! header and a footer.) Payload always stands behind a prefix, so it cannot forge either.
//!
//! * The format and its reader are the crate `execution-log`. [`execution_log`] gathers, [`service`] owns the thread that formats
//!   ([`formatter`]) and writes.
//! * [`part_file`] appends and rotates; [`folder`] is where, and for whose eyes.
//! * [`scan`] lists the logs in a folder, for retention and recovery.
//!
//! Nothing is synced to the platter: a log survives the death of its program, and a power cut costs
//! its last seconds, which the reader expects.

mod execution_log;
mod folder;
mod footer;
mod formatter;
mod part_file;
mod scan;
mod service;

pub(crate) use execution_log::{ExecutionLog, LogPath};
pub(crate) use folder::Folder;
#[cfg(feature = "internals")]
pub(crate) use formatter::formatted_bytes;
pub(crate) use scan::{LogSet, list};
pub(crate) use service::LogService;
