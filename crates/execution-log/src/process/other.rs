//! Systems whose process table is not read: no process is known.

/// Always unknown.
#[must_use]
pub fn start_time(_pid: u32) -> Option<u64> {
    None
}

pub(super) fn boot_id() -> Option<String> {
    None
}
