//! [`Secrets`] and [`StreamRedactor`]: secrets become `***` before anything else sees them.
//!
//! A byte is masked when it lies in any occurrence of any form of any secret; neighbouring masked
//! bytes become one `***`. What comes out depends on the whole stream only, not on how reads cut it:
//! an occurrence that began in shown bytes cannot be, since the bytes that may begin one are held
//! back until they no longer may; and where a mask was shown and a later occurrence overlaps it, the
//! mask goes on (`masked_to`). GitLab's runner, which searches phrase by phrase, misses the second
//! case (`aab` in the writes `xaa`, `ab`); Buildkite's `replacer` merges overlaps as we do.
//!
//! A line break in a secret is matched by `\n` and by `\r\n`, each on its own. Single lines of a
//! secret of many lines are not masked.

mod scan;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use secrets::{Secrets, StreamRedactor};
