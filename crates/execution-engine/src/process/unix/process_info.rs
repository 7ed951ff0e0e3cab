//! [`ProcessInfo`]: a row of the process table.

/// One process, as far as we care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessInfo {
    pub(super) pid: u32,
    pub(super) group: u32,
    /// In the system's own unit (Linux: clock ticks since boot; macOS: microseconds since 1970). With the id, an
    /// identity.
    pub(super) start_time: u64,
    pub(super) name: String,
    pub(super) zombie: bool,
}
