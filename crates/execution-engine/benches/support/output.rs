//! Output to measure with.

/// Lines of 80 bytes that look like a log, about this many bytes of them.
pub fn lines(bytes: usize, line_end: &str) -> Vec<u8> {
    let mut log = Vec::with_capacity(bytes + 80);
    for i in 0..bytes / 80 {
        let level = ["INFO", "DEBUG", "WARN"][i % 3];
        let (minute, second, worker) = (i / 60 % 60, i % 60, i % 17);
        let line =
            format!("2025-10-21T10:{minute:02}:{second:02}Z {level} worker/{worker} handled request {i} in ");
        log.extend_from_slice(line.as_bytes());
        log.resize((i + 1) * 80 - line_end.len(), b'.');
        log.extend_from_slice(line_end.as_bytes());
    }
    log
}

/// Random-looking tokens of 32 characters.
pub fn tokens(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{:032x}", (u128::MAX / 7).wrapping_mul(i as u128 + 3))).collect()
}
