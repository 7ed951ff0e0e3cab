//! The limits that configurations and requests share: their names and ranges.

use serde::{Deserialize, Serialize};

use crate::error::InvalidField;

/// What happens to output above `max_output_size_bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OversizedOutputStrategy {
    /// Memory keeps a part (see [`RetainOutput`](crate::RetainOutput)) with a line saying what is missing;
    /// the child keeps running.
    #[default]
    TruncateWithWarning,
    /// The tree is stopped; `failed` with [`OutputSizeExceeded`](crate::FailureCode::OutputSizeExceeded).
    FailExecution,
    /// Memory keeps the first part; a file beside the log gets every byte.
    StreamToFile,
}

impl OversizedOutputStrategy {
    /// Which part memory keeps: the configured one if the rest is dropped; the first if the child is stopped
    /// at the limit (there is no other part) or if a file continues it (by then, memory holds the file's
    /// beginning).
    pub(crate) fn part_to_retain(self, configured: RetainOutput) -> RetainOutput {
        match self {
            Self::TruncateWithWarning => configured,
            Self::FailExecution | Self::StreamToFile => RetainOutput::Head,
        }
    }
}

/// Which part of a stream memory keeps when there is more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetainOutput {
    /// The first half and the last half of the limit: the beginning says what ran, the end how it ended.
    #[default]
    HeadTail,
    /// The first bytes.
    Head,
    /// The last bytes.
    Tail,
}

/// The longest grace period: an hour.
pub(crate) const MAX_KILL_GRACE_MS: u64 = 3_600_000;
/// What one stream may hold in memory: below V8's longest string, whatever the encoding.
pub(crate) const MAX_OUTPUT_SIZE_BYTES: u64 = 256 * 1024 * 1024;

/// Accepts `min..=max`, or returns what is allowed.
pub(crate) fn in_range(field: &str, value: u64, min: u64, max: u64) -> Result<(), InvalidField> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(InvalidField::new(field, value, format!("allowed is a whole number from {min} to {max}")))
    }
}

/// A secret of one character would mask half the output, and reveal which character it is.
pub(crate) fn check_secrets(secrets: &[String]) -> Result<(), InvalidField> {
    match secrets.iter().position(|secret| secret.chars().count() < 2) {
        Some(index) => Err(InvalidField::new(
            format!("secrets[{index}]"),
            "shorter than 2 characters",
            "a shorter secret would mask most of the output and hide nothing",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_truncation_lets_the_configuration_choose_the_part() {
        use OversizedOutputStrategy::{FailExecution, StreamToFile, TruncateWithWarning};
        assert_eq!(TruncateWithWarning.part_to_retain(RetainOutput::Tail), RetainOutput::Tail);
        assert_eq!(FailExecution.part_to_retain(RetainOutput::Tail), RetainOutput::Head);
        assert_eq!(StreamToFile.part_to_retain(RetainOutput::HeadTail), RetainOutput::Head);
    }
}
