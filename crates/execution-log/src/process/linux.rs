//! Linux: `/proc` (proc(5)).

use std::path::PathBuf;

/// Clock ticks from boot to the start of a process; `None` if there is none, or only a zombie.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    parse(pid, &std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state … starttime(22) …`
fn parse(pid: u32, stat: &[u8]) -> Option<u64> {
    let (_, mut fields) = split_stat(stat)?;
    let is_zombie = is_zombie(pid, fields.next()?);
    fields.nth(18)?.parse().ok().filter(|_| !is_zombie)
}

/// The name in `/proc/<pid>/stat`, which may contain anything, even `)`, and the fields after it.
#[doc(hidden)]
#[must_use]
pub fn split_stat(stat: &[u8]) -> Option<(&[u8], std::str::SplitAsciiWhitespace<'_>)> {
    let (open, close) = (memchr::memchr(b'(', stat)?, memchr::memrchr(b')', stat)?);
    let fields = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    Some((stat.get(open + 1..close)?, fields.split_ascii_whitespace()))
}

/// Whether a process has ended that shows this state, the first of those fields. It is the first thread's:
/// the process lives as long as any of its threads does.
#[doc(hidden)]
#[must_use]
pub fn is_zombie(pid: u32, state: &str) -> bool {
    has_ended(state) && living_threads(pid).next().is_none()
}

/// The threads of a process that have not ended, each with its folder in `/proc` and its state.
#[doc(hidden)]
pub fn living_threads(pid: u32) -> impl Iterator<Item = (PathBuf, String)> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    threads.filter_map(|thread| {
        let thread = thread.ok()?.path();
        let stat = std::fs::read(thread.join("stat")).ok()?;
        let state = split_stat(&stat)?.1.next()?.to_owned();
        (!has_ended(&state)).then_some((thread, state))
    })
}

/// Whether a thread that shows this state has ended.
fn has_ended(state: &str) -> bool {
    matches!(state, "Z" | "X" | "x")
}

pub(super) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let stat =
            |state| format!("42 (a) b (c)) {state} 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 10 11");
        // Greater than any process id there is.
        let unused_pid = 1 << 22;
        assert_eq!(parse(unused_pid, stat("S").as_bytes()), Some(98765));
        assert_eq!(parse(unused_pid, stat("Z").as_bytes()), None);
    }
}
