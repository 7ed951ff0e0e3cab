//! [`RetainedOutput`]: a result's text, passed to JavaScript without a copy.
//!
//! It may be ten mebibytes per stream. A copy would take as much memory again, and block the event loop for
//! milliseconds.

use std::sync::Arc;

use execution_engine::ExecutionResult;
use napi::bindgen_prelude::{Env, Result, ToNapiValue};
use napi::{JsStringLatin1, sys};

/// Shorter text is copied: a string outside V8's memory has a cost of its own.
const LARGE: usize = 64 * 1024;

/// What memory retains of the output.
pub struct RetainedOutput {
    pub result: Arc<ExecutionResult>,
    /// Which text of it.
    pub text: fn(&ExecutionResult) -> &str,
}

impl ToNapiValue for RetainedOutput {
    #[expect(unsafe_code, reason = "the trait's method is, and a string that V8 does not own")]
    unsafe fn to_napi_value(env: sys::napi_env, retained: Self) -> Result<sys::napi_value> {
        let text = (retained.text)(&retained.result);
        if text.len() < LARGE || !text.is_ascii() {
            // SAFETY: the caller promises a valid environment on its own thread, and that promise is passed
            // on.
            return unsafe { <&str>::to_napi_value(env, text) };
        }
        let (bytes, len, owner) = (text.as_ptr(), text.len(), Arc::clone(&retained.result));
        let here = Env::from_raw(env);
        // SAFETY: ASCII is Latin-1. A result never changes, and its owner is dropped when V8 is done with the
        // string.
        let string =
            unsafe { JsStringLatin1::from_external(&here, bytes, len, owner, |_, owner| drop(owner)) };
        // SAFETY: as above.
        unsafe { JsStringLatin1::to_napi_value(env, string?) }
    }
}
