//! The hot inner parts by themselves, for measuring. Not part of the public API: only this crate's own
//! benchmarks turn the feature on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::OutputStream;
use crate::limits::RetainOutput;
use crate::output::{BoundedBuffer, LineBatcher, Secrets};

/// The size of one read.
const CHUNK: usize = 64 * 1024;
/// Text per batch.
const BATCH: usize = 128 * 1024;

/// Cuts output into lines and batches; returns the bytes of all batches.
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

/// Keeps the first and the last part of output under a limit; returns the bytes kept.
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
    /// Compiles the secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Secrets::new(secrets.into_iter()))
    }

    /// Masks output; returns the bytes shown.
    #[must_use]
    pub fn mask(&self, output: &[u8]) -> usize {
        let mut stream = self.0.stream();
        let shown: usize = output.chunks(CHUNK).map(|chunk| stream.push(chunk).len()).sum();
        shown + stream.finish().len()
    }
}

/// Formats output as log records; returns their bytes.
#[must_use]
pub fn format_log(output: &[u8], at: DateTime<Utc>) -> usize {
    crate::log::formatted_bytes(output.chunks(CHUNK), at)
}
