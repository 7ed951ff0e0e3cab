//! [`ProcessInfo`]: a row of the process table.

/// One process, with the fields that the engine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessInfo {
    pub(super) pid: u32,
    pub(super) group: u32,
    /// In the system's own unit (Linux: clock ticks since boot; macOS: microseconds since 1970). Together
    /// with the id, an identity.
    pub(super) start_time: u64,
    pub(super) name: String,
    pub(super) zombie: bool,
}
