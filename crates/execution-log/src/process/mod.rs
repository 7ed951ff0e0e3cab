//! Identifies processes across restarts: a process id is reused, an id with a start time is not.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "os_macos.rs")]
#[cfg_attr(windows, path = "os_windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos", windows)), path = "other.rs")]
mod os;

use std::sync::OnceLock;

#[cfg(target_os = "macos")]
#[doc(hidden)]
pub use os::{bsd_info, start_time_in};
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use os::{is_zombie, living_threads, split_stat};

pub use os::start_time;

/// Whether a process is alive and started at the given time. Without a start time the answer is `false`.
///
/// On Linux, start times count from boot: compare [`boot_id`] too.
#[must_use]
pub fn is_same_process(pid: u32, start_time: Option<u64>) -> bool {
    start_time.is_some() && os::start_time(pid) == start_time
}

/// Changes with each boot; `None` if start times do not depend on it, or it is unknown.
#[must_use]
pub fn boot_id() -> Option<String> {
    static BOOT_ID: OnceLock<Option<String>> = OnceLock::new();
    BOOT_ID.get_or_init(os::boot_id).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    fn this_process_is_the_same_and_another_start_time_is_another_process() {
        let me = std::process::id();
        let started = start_time(me);
        assert!(started.is_some_and(|time| time > 0));
        assert!(is_same_process(me, started));
        assert!(!is_same_process(me, started.map(|time| time + 1)));
        assert!(!is_same_process(me, None));
    }
}
