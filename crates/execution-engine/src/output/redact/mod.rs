//! [`Secrets`] and [`StreamRedactor`]: secrets become `***` before anything else sees them.
//!
//! A byte is masked if it lies in any occurrence of any form of any secret; adjacent masked bytes become one
//! `***`. The output depends only on the whole stream, not on how reads cut it. No occurrence can begin in
//! bytes that were shown, because bytes that may begin one are held back until they no longer may. If a later
//! occurrence overlaps a mask that was shown, the mask is extended (`masked_to`). GitLab's runner, which
//! searches phrase by phrase, misses the second case (`aab` in the writes `xaa`, `ab`); Buildkite's
//! `replacer` merges overlaps as we do.
//!
//! A line break in a secret is matched by `\n` and by `\r\n`, each on its own. Single lines of a
//! secret of many lines are not masked.

mod scan;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use secrets::{Secrets, StreamRedactor};
