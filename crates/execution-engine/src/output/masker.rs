//! [`Masker`]: the engine's way of masking secrets, for a host's own words.

use super::redact::Secrets;

/// Masks secrets in text as the engine masks them in output, in their encoded forms too.
///
/// ```
/// use execution_engine::Masker;
///
/// let masker = Masker::new(["hunter2"]);
/// assert_eq!(masker.mask("login hunter2, or pw=hunter2"), "login ***, or pw=***");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Masker(Secrets);

impl Masker {
    /// Compiles the secrets. One of fewer than two characters is not masked.
    pub fn new<Secret: AsRef<str>>(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets: Vec<Secret> = secrets.into_iter().collect();
        Self(Secrets::new(secrets.iter().map(AsRef::as_ref)))
    }

    /// The text with `***` in the place of secrets. Neighbouring and overlapping occurrences become one.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.0.mask(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_own_words_are_masked_as_output_is() {
        let masker = Masker::new(["hunter2", "p/ss w\"rd", "x"]);
        assert_eq!(masker.mask("hunter2hunter2 p%2Fss+w%22rd x"), "*** *** x");
        assert_eq!(Masker::default().mask("hunter2"), "hunter2");
    }
}
