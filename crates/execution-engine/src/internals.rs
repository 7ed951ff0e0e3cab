//! The hot inner pieces by themselves, for measuring. No part of the public surface: it stands behind
//! a feature that nothing but this crate's own benchmarks turns on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::OutputStream;
use crate::limits::RetainOutput;
use crate::output::{BoundedBuffer, LineBatcher, Secrets};

/// As much as one read brings.
const CHUNK: usize = 64 * 1024;
/// Text that crosses in one batch.
const BATCH: usize = 128 * 1024;

/// Cuts output into lines and gathers batches; the bytes of all batches.
#[must_use]
pub fn cut_lines(output: &[u8]) -> usize {
    let mut batcher = LineBatcher::new(Uuid::nil());
    let mut taken = 0;
    for chunk in output.chunks(CHUNK) {
        batcher.push(OutputStream::Stdout, chunk, DateTime::UNIX_EPOCH);
        if batcher.len() >= BATCH {
            taken += batcher.take().map_or(0, |batch| batch.text.len());
        }
    }
    taken + batcher.take().map_or(0, |batch| batch.text.len())
}

/// Keeps the first and the last part of output under a limit; the bytes kept.
#[must_use]
pub fn keep(output: &[u8], limit: u64) -> u64 {
    let mut buffer = BoundedBuffer::new(limit, RetainOutput::HeadTail);
    for chunk in output.chunks(CHUNK) {
        buffer.push(chunk);
    }
    buffer.kept()
}

/// Secrets to be masked.
#[derive(Debug)]
pub struct Masking(Secrets);

impl Masking {
    /// Compiles them.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Secrets::new(secrets.into_iter()))
    }

    /// Masks output; the bytes shown.
    #[must_use]
    pub fn mask(&self, output: &[u8]) -> usize {
        let mut stream = self.0.stream();
        let shown: usize = output.chunks(CHUNK).map(|chunk| stream.push(chunk).len()).sum();
        shown + stream.finish().len()
    }
}

/// Formats output as a log's records; their bytes.
#[must_use]
pub fn format_log(output: &[u8], at: DateTime<Utc>) -> usize {
    crate::log::formatted_bytes(output.chunks(CHUNK), at)
}
