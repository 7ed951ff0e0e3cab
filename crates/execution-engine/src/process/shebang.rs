//! The `#!` line of a script.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Linux reads 256 bytes of it; a few more do no harm.
const LONGEST: u64 = 1024;

/// The first bytes of a file, enough for its `#!` line.
pub(crate) fn beginning(file: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(file)?.take(LONGEST).read_to_end(&mut start)?;
    Ok(start)
}

/// The rest of the line after `#!`, trimmed; a carriage return stays. `None` for a file without such a line.
///
/// A byte order mark before it is ignored. The kernel does not ignore it, but editors on Windows leave one.
pub(crate) fn line(start: &[u8]) -> Option<&[u8]> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let line = start.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let blanks = |byte: &u8| matches!(byte, b' ' | b'\t');
    let first = line.iter().position(|byte| !blanks(byte))?;
    let last = line.iter().rposition(|byte| !blanks(byte))?;
    let line = &line[first..=last];
    (line != b"\r").then_some(line)
}

/// The interpreter, and the rest of the line: to Linux, everything after the first blank is one argument.
pub(crate) fn split(line: &str) -> (&str, &str) {
    let (interpreter, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    (interpreter, rest.trim())
}

/// Why a script with carriage returns does not run, and how to fix it.
pub(crate) fn windows_line_ends(script: &Path) -> String {
    let shown = script.display();
    format!(
        "`{shown}` was saved with Windows line ends, so its `#!` line names an interpreter that ends in a \
         carriage return: convert it, e.g. with `sed -i 's/\\r$//' {shown}`, or name an `interpreter`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_is_split_from_the_rest_of_the_line() {
        for (start, interpreter, rest) in [
            ("#!/bin/sh\necho", "/bin/sh", ""),
            ("#! /usr/bin/env -S node --flag \nx", "/usr/bin/env", "-S node --flag"),
            ("\u{feff}#!\t/bin/sh", "/bin/sh", ""),
            ("#!/bin/sh\r\necho", "/bin/sh\r", ""),
        ] {
            let found = split(str::from_utf8(line(start.as_bytes()).unwrap()).unwrap());
            assert_eq!(found, (interpreter, rest), "{start:?}");
        }
    }

    #[test]
    fn a_file_without_an_interpreter_has_no_such_line() {
        for start in ["", "#", "echo", " #!/bin/sh", "#!", "#! \t\n/bin/sh", "#!\r\n"] {
            assert_eq!(line(start.as_bytes()), None, "{start:?}");
        }
    }
}
