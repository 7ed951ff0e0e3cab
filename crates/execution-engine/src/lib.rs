//! Runs commands as supervised child processes. (front page to be written)

mod config;
mod error;
mod event;
mod output;
mod request;
mod result;

pub use config::{ExecutionConfig, RetainOutput};
pub use error::{EngineError, FailureCode, InvalidField};
pub use event::{EventHandler, EventKind, ExecutionEvent, HandlerFuture, LineBatch, LineRun, OutputStream};
pub use request::{Command, ExecutionMetadata, ExecutionRequest, InheritEnv, OversizedOutputStrategy, Stdin};
pub use result::{
    Containment, ExecutionFailure, ExecutionResult, ExecutionStatus, ExecutionSummary, LeftoverProcess,
    OutputFiles, ResourceUsage,
};
