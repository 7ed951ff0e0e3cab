#![doc = include_str!("../README.md")]
//!
//! # Example
//!
//! ```
//! use execution_log::{LogFolder, LogHeader, LogHost, LogReader, LogRecordKind, LogState, format, names};
//!
//! # fn main() -> std::io::Result<()> {
//! // A killed program leaves a log without a footer.
//! let (dir, id) = (tempfile::tempdir()?, uuid::Uuid::now_v7());
//! let mut host = LogHost::current("1.0.0");
//! host.start_time = None;
//! let header = format::header_line(&LogHeader::new(id, chrono::Utc::now(), 4711, host));
//! let log = header + "2025-10-21T10:30:05.201337Z O  hello\n2025-10-21T10:30:05.2013";
//! std::fs::write(dir.path().join(names::part_name(id, 1)), log)?;
//!
//! let folder = LogFolder::open(dir.path())?;
//! for log in folder.logs()? {
//!     assert_eq!((log.id, log.state), (id, LogState::Interrupted));
//!     for record in LogReader::open(folder.path(), log.id)? {
//!         if let LogRecordKind::Output { bytes, .. } = record?.kind {
//!             assert_eq!(bytes, b"hello");
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod beginning;
mod failure;
mod files;
mod folder;
mod follower;
mod footer;
pub mod format;
mod header;
mod hole;
mod inspect;
mod listing;
mod location;
pub mod lock;
pub mod names;
mod path_error;
mod position;
pub mod process;
mod reader;
mod record;
mod tail;
mod user_folder;
mod vocabulary;

pub use failure::{ExecutionFailure, FailureCode};
pub use files::{LogFiles, LogPart, OutputFile};
pub use folder::LogFolder;
pub use follower::LogFollower;
pub use footer::{ByteCounts, LogFooter};
pub use header::{LogHeader, LogHost, Shortened};
pub use inspect::{LogInfo, LogState};
pub use location::LogLocation;
pub use position::LogPosition;
pub use reader::{LogDamage, LogPage, LogReader};
pub use record::{LogRecord, LogRecordKind};
pub use tail::has_footer;
pub use user_folder::UserFolder;
pub use vocabulary::{ExecutionMetadata, ExecutionStatus, OutputStream, ResourceUsage};
