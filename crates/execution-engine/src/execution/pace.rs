//! [`Pace`]: whether an execution is so quiet that a host's event loop can read it on the side.

/// A read of so many bytes is one of an execution that has more to say than is read on the side.
const MUCH: usize = 32 * 1024;
/// A read of at most so many bytes is a few lines.
const LITTLE: usize = 4 * 1024;
/// So many such reads, one after the other, and the execution is quiet again.
const QUIET_AFTER: u32 = 64;

/// Quiet at first.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    is_loud: bool,
    /// Reads of little since the last one that was not.
    little: u32,
}

impl Pace {
    /// So many bytes were there.
    pub(crate) fn read(&mut self, count: usize) {
        self.little = if count <= LITTLE { self.little.saturating_add(1) } else { 0 };
        self.is_loud = count >= MUCH || self.is_loud && self.little < QUIET_AFTER;
    }

    /// Whether the runtime had better read it.
    pub(crate) fn is_loud(&self) -> bool {
        self.is_loud
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_large_read_is_loud_and_many_small_ones_are_quiet_again() {
        let mut pace = Pace::default();
        pace.read(MUCH - 1);
        assert!(!pace.is_loud());
        pace.read(MUCH);
        for _ in 1..QUIET_AFTER {
            pace.read(LITTLE);
            assert!(pace.is_loud());
        }
        pace.read(LITTLE + 1);
        for _ in 1..QUIET_AFTER {
            pace.read(1);
            assert!(pace.is_loud());
        }
        pace.read(1);
        assert!(!pace.is_loud());
    }
}
