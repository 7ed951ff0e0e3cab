//! [`KeptOutput`]: a result's text, which goes to JavaScript without being copied on the way.
//!
//! It may be ten mebibytes a stream: a copy between the engine's and V8's would be a third.

use std::sync::Arc;

use execution_engine::{ExecutionResult, OutputStream};
use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::sys;

/// What memory kept of one stream.
pub struct KeptOutput {
    pub result: Arc<ExecutionResult>,
    pub stream: OutputStream,
}

impl ToNapiValue for KeptOutput {
    #[expect(unsafe_code, reason = "the trait's method is")]
    unsafe fn to_napi_value(env: sys::napi_env, kept: Self) -> Result<sys::napi_value> {
        let text = match kept.stream {
            OutputStream::Stdout => kept.result.stdout.as_str(),
            OutputStream::Stderr => kept.result.stderr.as_str(),
        };
        // SAFETY: the caller's promise of a valid environment, on its own thread, is passed on as it is.
        unsafe { <&str>::to_napi_value(env, text) }
    }
}
