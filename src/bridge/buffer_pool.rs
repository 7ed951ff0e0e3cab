//! [`BufferPool`]: reuses the memory of batches.
//!
//! The runtime's threads fill a buffer and JavaScript's thread reads it. Without the pool, malloc would map
//! its pages anew for every batch, and the kernel would clear each of them first.

use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Env, Result, ToNapiValue};
use napi::{JsValue, sys};

use crate::sync::lock;

/// Buffers in the pool: one crosses while others fill.
const MAX_SPARE: usize = 4;
/// A buffer that grew larger, for a very long line, is not kept.
const MAX_CAPACITY: usize = 256 * 1024;

/// A row: the execution's number, the kind, how many of the next lines or which event, and the time in
/// milliseconds since 1970.
pub type Row = [f64; 4];

/// The memory of a batch.
pub struct BatchBuffer {
    /// Every line, each followed by `\n`.
    pub text: String,
    pub is_ascii: bool,
    pub rows: Vec<Row>,
}

impl Default for BatchBuffer {
    fn default() -> Self {
        Self { text: String::new(), is_ascii: true, rows: Vec::new() }
    }
}

/// The spare buffers of one engine.
#[derive(Default)]
pub struct BufferPool(Mutex<Vec<BatchBuffer>>);

impl BufferPool {
    /// An empty buffer.
    pub fn take(&self) -> BatchBuffer {
        lock(&self.0).pop().unwrap_or_default()
    }

    fn give_back(&self, BatchBuffer { mut text, mut rows, .. }: BatchBuffer) {
        text.clear();
        rows.clear();
        let mut spare = lock(&self.0);
        if spare.len() < MAX_SPARE && text.capacity() <= MAX_CAPACITY {
            spare.push(BatchBuffer { text, rows, ..BatchBuffer::default() });
        }
    }
}

/// A batch's text. Once it has crossed, its buffer returns to the pool.
pub struct PooledText {
    buffer: BatchBuffer,
    pool: Arc<BufferPool>,
}

impl PooledText {
    pub fn new(buffer: BatchBuffer, pool: &Arc<BufferPool>) -> Self {
        Self { buffer, pool: Arc::clone(pool) }
    }
}

impl ToNapiValue for PooledText {
    #[expect(unsafe_code, reason = "the trait's method is")]
    unsafe fn to_napi_value(env: sys::napi_env, pooled: Self) -> Result<sys::napi_value> {
        let BatchBuffer { text, is_ascii, .. } = &pooled.buffer;
        if *is_ascii {
            // ASCII is Latin-1, which V8 need not decode.
            return Env::from_raw(env).create_string_latin1(text).map(|string| string.raw());
        }
        // SAFETY: the caller promises a valid environment on its own thread, and that promise is passed on.
        unsafe { <&str>::to_napi_value(env, text.as_str()) }
    }
}

impl Drop for PooledText {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.buffer));
    }
}
