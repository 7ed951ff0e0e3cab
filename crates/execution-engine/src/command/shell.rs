//! `shell`: one command line for a shell, with the flags that this shell needs.

use super::invocation::{Context, Invocation};
use super::{exec, path_lookup};
use crate::error::ExecutionFailure;

/// How a shell takes a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShellKind {
    /// `-c <line>`: sh, bash, zsh, dash, ksh, fish, nu …
    Posix,
    /// `/d /s /c "<line>"`: no `AutoRun`, quotes left as they are.
    Cmd,
    /// `-NoProfile -NonInteractive -Command <line>`.
    PowerShell,
}

impl ShellKind {
    /// By the file name, whatever its folder, case and `.exe`.
    pub(super) fn of(shell: &str) -> Self {
        let name = shell.rsplit(['/', '\\']).next().unwrap_or(shell).to_ascii_lowercase();
        match name.strip_suffix(".exe").unwrap_or(&name) {
            "cmd" => Self::Cmd,
            "pwsh" | "pwsh-preview" | "powershell" => Self::PowerShell,
            _ => Self::Posix,
        }
    }

    /// The arguments between the shell and the command line.
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Posix => &["-c"],
            Self::Cmd => &["/d", "/s", "/c"],
            Self::PowerShell => &["-NoProfile", "-NonInteractive", "-Command"],
        }
    }
}

/// The default shell.
pub(super) fn default_shell() -> &'static str {
    if cfg!(windows) { "cmd.exe" } else { "/bin/sh" }
}

pub(super) fn invocation(
    command: &str,
    shell: Option<&str>,
    context: &Context,
) -> Result<Invocation, ExecutionFailure> {
    let shell = shell.unwrap_or_else(|| default_shell());
    let kind = ShellKind::of(shell);
    if cfg!(windows) && kind == ShellKind::Cmd {
        // cmd.exe takes everything after /c up to the last quote; escaping as for other programs breaks it.
        return Ok(Invocation {
            program: path_lookup::find(shell, context)?,
            args: kind.flags().iter().map(Into::into).collect(),
            raw_tail: Some(format!("\"{command}\"").into()),
            ..Invocation::default()
        });
    }
    let mut args = kind.flags().to_vec();
    args.push(command);
    exec::invocation(shell, &args, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_chooses_the_flags() {
        for (shell, kind) in [
            ("bash", ShellKind::Posix),
            ("/usr/bin/zsh", ShellKind::Posix),
            ("C:\\Windows\\System32\\CMD.EXE", ShellKind::Cmd),
            ("pwsh", ShellKind::PowerShell),
            ("/opt/microsoft/powershell/7/pwsh", ShellKind::PowerShell),
        ] {
            assert_eq!(ShellKind::of(shell), kind, "{shell}");
        }
    }
}
