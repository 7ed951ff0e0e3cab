//! [`Pace`]: whether an execution is so quiet that a host's event loop can read it on the side.

/// A read of so many bytes is one of an execution that has more to say than is read on the side.
const MUCH: usize = 32 * 1024;
/// A read of at most so many bytes is a few lines.
const LITTLE: usize = 4 * 1024;
/// So many such reads, one after the other, and an execution that was loud is quiet again.
const QUIET_AGAIN: u32 = 64;

/// What is not known yet is the runtime's: most commands say what they have to say and end.
#[derive(Debug)]
pub(crate) struct Pace {
    is_quiet: bool,
    /// Reads of little since the last one that was not.
    little: u32,
    /// So many of them, and it is quiet.
    quiet_after: u32,
}

impl Pace {
    /// Nothing was read yet.
    pub(crate) fn new() -> Self {
        Self { is_quiet: false, little: 0, quiet_after: 1 }
    }

    /// So many bytes were there.
    pub(crate) fn read(&mut self, count: usize) {
        self.little = if count <= LITTLE { self.little.saturating_add(1) } else { 0 };
        if count >= MUCH {
            self.quiet_after = QUIET_AGAIN;
        }
        self.is_quiet = count < MUCH && (self.is_quiet || self.little >= self.quiet_after);
    }

    /// Whether a host's loop may read it.
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_small_read_is_quiet_and_so_it_stays_until_a_large_one() {
        let mut pace = Pace::new();
        assert!(!pace.is_quiet());
        pace.read(LITTLE + 1);
        assert!(!pace.is_quiet());
        pace.read(LITTLE);
        assert!(pace.is_quiet());
        pace.read(MUCH - 1);
        assert!(pace.is_quiet());
        pace.read(MUCH);
        assert!(!pace.is_quiet());
    }

    #[test]
    fn what_was_loud_is_quiet_after_many_small_reads_in_a_row() {
        let mut pace = Pace::new();
        pace.read(MUCH);
        for size in [LITTLE, 1] {
            for _ in 1..QUIET_AGAIN {
                pace.read(size);
                assert!(!pace.is_quiet());
            }
            pace.read(if size == 1 { 1 } else { LITTLE + 1 });
        }
        assert!(pace.is_quiet());
    }
}
