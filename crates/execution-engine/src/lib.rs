//! Runs commands as supervised child processes: output streamed line by line, bounded memory, a structured
//! log written meanwhile, timeouts and cancellation of the whole process tree, a concurrency limit, retention
//! and recovery.
//!
//! It needs no framework: a Tauri command, an axum handler or a command line calls it directly, inside a
//! tokio runtime.
//!
//! # Example
//!
//! ```no_run
//! # async fn example() -> Result<(), execution_engine::EngineError> {
//! use std::sync::Arc;
//! use execution_engine::{EventKind, ExecutionConfig, ExecutionEngine, ExecutionEvent, ExecutionRequest};
//!
//! let engine = ExecutionEngine::new(ExecutionConfig::default())?;
//! let print = |event: ExecutionEvent| {
//!     if let EventKind::Stdout { line, .. } = event.kind {
//!         println!("{line}");
//!     }
//! };
//! let id = engine.execute_with(ExecutionRequest::exec("git", ["log", "--oneline"]), Arc::new(print))?;
//! let result = engine.wait_for_completion(id).await?;
//! println!("{:?} after {} ms", result.status, result.duration_ms);
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//!
//! * [`ExecutionEngine`] accepts requests and answers questions about executions.
//! * [`ExecutionRequest`] says what to run; [`ExecutionConfig`] holds an engine's limits.
//! * [`EventHandler`] receives [`ExecutionEvent`]s while it runs; [`ExecutionResult`] is how it ended.
//! * `HostLoop` (Linux, feature `host-loop`) lets a host's event loop read a few lines itself, with one
//!   wake-up per line.
//! * [`EngineError`] is a call that could not be accepted; [`FailureCode`] says why an accepted execution did
//!   not complete.
//! * [`LogReader`] reads logs back, also those of a host that died.
//!
//! The modules follow the life of an execution: `engine` orchestrates, `execution` is the life of one,
//! `command` turns a request into a program, `process` holds every operating system call, `output` turns
//! bytes into lines and keeps some, `log` writes and reads files, `registry` holds executions as long as they
//! are retained. Imports point in one direction.
//!
//! # In a host that has children of its own
//!
//! The crate installs no signal handler and never waits for a process that is not its own, so it coexists
//! with `libuv`, with `std::process`, and with other copies of itself.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "a test is the host"))]

mod admission;
mod bytes_as_base64;
mod command;
mod config;
mod engine;
mod error;
mod event;
mod execution;
mod host_context;
mod host_loop;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod limits;
mod log;
#[cfg(unix)]
mod os_readiness;
mod output;
mod per_stream;
mod process;
mod registry;
mod request;
mod result;
mod setters;
mod signal;
mod sync;
mod thread;

pub use config::ExecutionConfig;
#[doc(hidden)]
pub use engine::Call;
pub use engine::{
    AbortHandle, CleanupReport, EngineBuilder, EngineMetrics, ExecutionEngine, ExecutionFilter,
    ExecutionHandle, Lines, OutputLine, RecoverOptions, RecoveredExecution, StdinWriter,
};
pub use error::{EngineError, ExecutionFailure, FailureCode, InvalidField};
#[doc(hidden)]
pub use event::BridgeHandler;
pub use event::{EventHandler, EventKind, ExecutionEvent, HandlerFuture, LineBatch, LineRun, OutputStream};
pub use execution_log::{
    ByteCounts, LogDamage, LogFolder, LogFollower, LogFooter, LogHeader, LogHost, LogInfo, LogPage, LogPart,
    LogPosition, LogReader, LogRecord, LogRecordKind, LogState, OutputFile,
};
#[doc(hidden)]
pub use host_context::HostEnvironment;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
pub use host_loop::HostLoop;
pub use limits::{OversizedOutputStrategy, RetainOutput};
pub use output::Masker;
pub use request::{Command, ExecutionMetadata, ExecutionRequest, InheritEnv, Stdin};
pub use result::{
    Containment, ExecutionResult, ExecutionStatus, ExecutionSummary, LeftoverProcess, OutputFiles, RawOutput,
    ResourceUsage,
};

/// The examples of the documents, compiled.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../README.md")]
    mod readme {}
    #[cfg(all(feature = "host-loop", target_os = "linux"))]
    #[doc = include_str!("../../../docs/rust.md")]
    mod rust {}
}
