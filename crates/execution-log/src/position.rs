//! [`LogPosition`]: a position between two records.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// A position between two records, where reading can resume, even in another process.
///
/// ```
/// use execution_log::LogPosition;
///
/// let position: LogPosition = "3:4096".parse()?;
/// assert!(position > LogPosition::START);
/// assert_eq!(position.to_string(), "3:4096");
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    pub(crate) part: u32,
    /// In bytes, within the part.
    pub(crate) offset: u64,
}

impl LogPosition {
    /// The beginning.
    pub const START: Self = Self { part: 1, offset: 0 };
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.part, self.offset)
    }
}

impl FromStr for LogPosition {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (part, offset) = text.split_once(':').unwrap_or((text, "0"));
        Ok(Self { part: part.parse()?, offset: offset.parse()? })
    }
}
