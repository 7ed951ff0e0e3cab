//! Which finished executions to drop. Pure: the clock is an argument.
//!
//! An execution is kept if
//! 1. it ended less than the retention time ago, and
//! 2. it is among the newest, up to the maximum number.
//!
//! Ages are measured on the monotonic clock: changing the system clock has no effect.

use std::time::{Duration, Instant};

/// The limits in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    pub(crate) max_age: Duration,
    pub(crate) max_count: usize,
}

impl Retention {
    /// How many to drop, given when each ended, oldest first.
    pub(crate) fn surplus(self, ended: impl ExactSizeIterator<Item = Instant>, now: Instant) -> usize {
        let over_count = ended.len().saturating_sub(self.max_count);
        // An end after `now` (clock reads in another order) has age 0.
        let over_age = ended.take_while(|&end| now.saturating_duration_since(end) >= self.max_age).count();
        over_count.max(over_age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn surplus(ages_in_minutes: &[u64], max_count: usize) -> usize {
        let now = Instant::now() + HOUR * 24;
        let ended = ages_in_minutes
            .iter()
            .map(|minutes| now.checked_sub(Duration::from_secs(*minutes * 60)).unwrap());
        Retention { max_age: HOUR, max_count }.surplus(ended, now)
    }

    #[test]
    fn young_executions_among_the_newest_are_kept() {
        assert_eq!(surplus(&[59, 30, 1], 3), 0);
    }

    #[test]
    fn executions_past_the_retention_time_are_dropped() {
        assert_eq!(surplus(&[90, 60, 59], 10), 2);
    }

    #[test]
    fn the_oldest_beyond_the_count_go() {
        assert_eq!(surplus(&[3, 2, 1], 1), 2);
        assert_eq!(surplus(&[3, 2, 1], 0), 3);
    }

    #[test]
    fn an_end_in_the_future_has_no_age() {
        let now = Instant::now();
        let retention = Retention { max_age: HOUR, max_count: 5 };
        assert_eq!(retention.surplus([now + HOUR].into_iter(), now), 0);
    }
}
