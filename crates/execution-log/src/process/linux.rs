//! Linux: `/proc` (proc(5)).

/// Clock ticks from boot to the start of a process; `None` if there is none, or only a zombie.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state … starttime(22) …`
fn parse(stat: &[u8]) -> Option<u64> {
    let (_, mut fields) = split_stat(stat)?;
    let is_zombie = is_zombie(fields.next()?);
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

/// Whether this state, the first of those fields, is that of a process that has ended.
#[doc(hidden)]
#[must_use]
pub fn is_zombie(state: &str) -> bool {
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
        assert_eq!(parse(stat("S").as_bytes()), Some(98765));
        assert_eq!(parse(stat("Z").as_bytes()), None);
    }
}
