//! [`Secrets`] are compiled once; a [`StreamRedactor`] masks one stream as it comes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::scan::Scan;
use crate::output::encodings;
use crate::output::matcher::Matcher;

/// The secrets, compiled once and shared.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Option<Arc<Matcher>>);

impl Secrets {
    /// Includes the forms of [`encodings`]. A secret of fewer than two characters is not masked.
    pub fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Self {
        let forms: BTreeSet<Vec<u8>> = secrets.flat_map(encodings::forms).collect();
        Self(Matcher::new(&forms).map(Arc::new))
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The text with its secrets masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut stream = self.stream();
        let mut masked = stream.push(text.as_bytes()).to_vec();
        masked.extend_from_slice(stream.finish());
        if masked == text.as_bytes() {
            return Cow::Borrowed(text);
        }
        // Secrets are text: in text, an occurrence begins and ends between characters.
        Cow::Owned(crate::output::decode::into_lossy(masked))
    }

    /// A redactor for one stream of bytes.
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor(self.0.as_ref().map(Scan::new))
    }
}

impl fmt::Debug for Secrets {
    /// Reveals nothing about the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secrets(none)" } else { "Secrets(***)" })
    }
}

/// Masks one stream, as it comes.
pub(crate) struct StreamRedactor(pub(super) Option<Scan>);

impl StreamRedactor {
    /// The bytes that may be shown now. Borrowed from `chunk` if nothing is masked or held back; without
    /// secrets, `chunk` itself.
    #[inline]
    pub fn push<'a>(&'a mut self, chunk: &'a [u8]) -> &'a [u8] {
        match &mut self.0 {
            None => chunk,
            Some(scan) => scan.push(chunk),
        }
    }

    /// The stream has ended: what was held back is no secret. Resets the redactor.
    pub fn finish(&mut self) -> &[u8] {
        self.0.as_mut().map_or(&[], Scan::finish)
    }
}
