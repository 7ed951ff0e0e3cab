//! Which part of a stream memory keeps, given what the request wants done with the rest.

use crate::limits::{OversizedOutputStrategy, RetainOutput};

/// The configured part where the rest is only left out; the first part where the child is stopped at
/// the limit (there is no other part) or where a file goes on from the limit (what memory holds by
/// then is the file's beginning).
pub(crate) fn part_to_retain(strategy: OversizedOutputStrategy, configured: RetainOutput) -> RetainOutput {
    match strategy {
        OversizedOutputStrategy::TruncateWithWarning => configured,
        OversizedOutputStrategy::FailExecution | OversizedOutputStrategy::StreamToFile => RetainOutput::Head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_truncation_lets_the_configuration_choose_the_part() {
        use OversizedOutputStrategy::{FailExecution, StreamToFile, TruncateWithWarning};
        assert_eq!(part_to_retain(TruncateWithWarning, RetainOutput::Tail), RetainOutput::Tail);
        assert_eq!(part_to_retain(FailExecution, RetainOutput::Tail), RetainOutput::Head);
        assert_eq!(part_to_retain(StreamToFile, RetainOutput::HeadTail), RetainOutput::Head);
    }
}
