//! [`NativeMasker`]: masks secrets in JavaScript's own strings.

use execution_engine::Masker;
use napi_derive::napi;

/// Secrets to be masked, compiled once.
#[napi]
pub struct NativeMasker(Masker);

#[napi]
impl NativeMasker {
    /// Compiles the secrets. Skips those of fewer than two characters.
    #[napi(factory, catch_unwind)]
    #[must_use]
    pub fn create(secrets: Vec<String>) -> Self {
        Self(Masker::new(secrets))
    }

    /// The text with `***` in place of secrets.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn mask(&self, text: String) -> String {
        self.0.mask(&text)
    }
}
