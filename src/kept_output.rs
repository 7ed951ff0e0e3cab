//! [`KeptOutput`]: a result's text, which goes to JavaScript without being copied.
//!
//! It may be ten mebibytes a stream: a copy would be as much memory again, and hold the event loop up for the
//! milliseconds that it takes to map it.

use std::sync::Arc;

use execution_engine::{ExecutionResult, OutputStream};
use napi::bindgen_prelude::{Env, Result, ToNapiValue};
use napi::{JsStringLatin1, sys};

/// Text of fewer bytes is copied: a string that lies outside of V8's memory has a price of its own.
const LARGE: usize = 64 * 1024;

/// What memory kept of one stream.
pub struct KeptOutput {
    pub result: Arc<ExecutionResult>,
    pub stream: OutputStream,
}

impl ToNapiValue for KeptOutput {
    #[expect(unsafe_code, reason = "the trait's method is, and a string that V8 does not own")]
    unsafe fn to_napi_value(env: sys::napi_env, kept: Self) -> Result<sys::napi_value> {
        let text = match kept.stream {
            OutputStream::Stdout => kept.result.stdout.as_str(),
            OutputStream::Stderr => kept.result.stderr.as_str(),
        };
        if text.len() < LARGE || !text.is_ascii() {
            // SAFETY: the caller's promise of a valid environment, on its own thread, is passed on as it is.
            return unsafe { <&str>::to_napi_value(env, text) };
        }
        let (bytes, len, owner) = (text.as_ptr(), text.len(), Arc::clone(&kept.result));
        let here = Env::from_raw(env);
        // SAFETY: ASCII is Latin-1. A result never changes, and its owner goes when V8 is done with the string.
        let string =
            unsafe { JsStringLatin1::from_external(&here, bytes, len, owner, |_, owner| drop(owner)) };
        // SAFETY: as above.
        unsafe { JsStringLatin1::to_napi_value(env, string?) }
    }
}
