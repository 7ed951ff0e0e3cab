//! [`Settings`]: the values in force for one execution, from its request or else from the configuration.

use std::time::Duration;

use crate::config::ExecutionConfig;
use crate::limits::{OversizedOutputStrategy, RetainOutput};
use crate::request::ExecutionRequest;
use crate::signal::KillSignal;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) limit: OutputLimit,
    pub(crate) timeout_ms: u64,
    pub(crate) kill_grace: Duration,
    pub(crate) kill_signal: KillSignal,
    pub(crate) stream_output: bool,
}

/// The output limit of each stream, and what happens at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputLimit {
    pub(crate) bytes: u64,
    pub(crate) strategy: OversizedOutputStrategy,
    pub(crate) retain: RetainOutput,
}

impl Settings {
    pub(crate) fn new(request: &ExecutionRequest, config: &ExecutionConfig) -> Self {
        let named = request.kill_signal.as_deref();
        let strategy = request.oversized_output.unwrap_or(config.oversized_output);
        Self {
            limit: OutputLimit {
                bytes: request.max_output_size_bytes.unwrap_or(config.max_output_size_bytes),
                strategy,
                retain: strategy.part_to_retain(config.retain_output),
            },
            timeout_ms: request.timeout_ms.unwrap_or(config.default_timeout_ms),
            kill_grace: Duration::from_millis(request.kill_grace_ms.unwrap_or(config.kill_grace_ms)),
            // It was checked when the request was accepted.
            kill_signal: named.and_then(|name| KillSignal::named(name).ok()).unwrap_or(KillSignal::DEFAULT),
            stream_output: config.stream_output,
        }
    }

    /// Whether output beyond what memory keeps goes to a file.
    pub(crate) fn spills(&self) -> bool {
        self.limit.strategy == OversizedOutputStrategy::StreamToFile
    }
}
