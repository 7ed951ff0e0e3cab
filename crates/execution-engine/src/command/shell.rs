//! One command line for a shell, as that shell takes it.

use std::path::Path;

use super::prepare::Invocation;

const DEFAULT_SHELL: &str = if cfg!(windows) { "cmd.exe" } else { "/bin/sh" };

/// The shell is known by its file's name; one that is not known is taken for a POSIX shell.
pub(super) fn invocation(command: &str, shell: Option<&str>) -> Invocation {
    let shell = shell.unwrap_or(DEFAULT_SHELL);
    let name = Path::new(shell).file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let flags: &[&str] = match name.as_str() {
        // No AutoRun, quotes taken literally, run and end.
        "cmd" => &["/d", "/s", "/c"],
        "pwsh" | "powershell" => &["-NoProfile", "-NonInteractive", "-Command"],
        _ => &["-c"],
    };
    Invocation::new(shell, flags.iter().copied().chain([command]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_the_line_its_own_way() {
        assert_eq!(invocation("x", Some("/usr/bin/bash")).args, ["-c", "x"]);
        assert_eq!(invocation("x", Some("pwsh")).args, ["-NoProfile", "-NonInteractive", "-Command", "x"]);
        assert_eq!(invocation("x", Some("cmd.exe")).args, ["/d", "/s", "/c", "x"]);
    }
}
