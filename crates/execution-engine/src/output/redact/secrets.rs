//! [`Secrets`] are compiled once; a [`StreamRedactor`] masks one stream as it comes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::scan::Scan;
use crate::output::encodings;
use crate::output::matcher::Matcher;

/// What must not be seen, compiled once and shared.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Option<Arc<Matcher>>);

impl Secrets {
    /// Includes the forms of [`encodings`]. A secret of under two characters is not masked.
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
        // Secrets are text: an occurrence in text begins and ends between characters.
        Cow::Owned(crate::output::decode::into_lossy(masked))
    }

    /// A redactor for one stream of bytes.
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor(self.0.as_ref().map(Scan::new))
    }
}

impl fmt::Debug for Secrets {
    /// Tells nothing about the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secrets(none)" } else { "Secrets(***)" })
    }
}

/// Masks one stream, as it comes.
pub(crate) struct StreamRedactor(pub(super) Option<Scan>);

impl StreamRedactor {
    /// What may be shown now. Borrowed from `chunk` where nothing is masked or held back; with no
    /// secrets, `chunk` itself.
    #[inline]
    pub fn push<'a>(&'a mut self, chunk: &'a [u8]) -> &'a [u8] {
        match &mut self.0 {
            None => chunk,
            Some(scan) => scan.push(chunk),
        }
    }

    /// The end of the stream: what was held back was no secret. The redactor is as new.
    pub fn finish(&mut self) -> &[u8] {
        self.0.as_mut().map_or(&[], Scan::finish)
    }
}
