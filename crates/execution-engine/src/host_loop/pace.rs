//! [`Pace`]: whether an execution is quiet enough for a host's event loop to read it.

/// A read of at least this size makes an execution busy.
const MUCH: usize = 32 * 1024;
/// A read of at most this size is a few lines.
const LITTLE: usize = 4 * 1024;
/// After this many small reads in a row, a busy execution is quiet again.
const QUIET_AGAIN: u32 = 64;

/// Starts busy, for the runtime: most commands print what they have and end.
#[derive(Debug)]
pub(crate) struct Pace {
    is_quiet: bool,
    /// Small reads since the last larger one.
    little: u32,
    /// How many of them make it quiet.
    quiet_after: u32,
}

impl Pace {
    /// Before the first read.
    pub(crate) fn new() -> Self {
        Self { is_quiet: false, little: 0, quiet_after: 1 }
    }

    /// A read returned this many bytes.
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
    fn a_small_first_read_makes_it_quiet_until_a_large_one() {
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
    fn a_busy_execution_is_quiet_after_many_small_reads_in_a_row() {
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
