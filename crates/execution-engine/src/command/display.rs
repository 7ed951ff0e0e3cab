//! A command as one would type it, and as a list of arguments, both from the request alone.

use super::aws_cli;
use super::shell::{ShellKind, default_shell};
use crate::request::{Command, ExecutionRequest};

impl Command {
    /// For people: it can be pasted into a POSIX shell. Secrets are not masked here.
    pub(crate) fn display(&self) -> String {
        match self {
            // Pasted, it runs in the shell it is written for.
            Self::Shell { command, shell: None } => command.clone(),
            _ => words(self).iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        }
    }
}

/// The arguments, the program first, as far as they are known without looking at the system.
pub(crate) fn argv(request: &ExecutionRequest) -> Vec<String> {
    words(&request.command)
}

fn words(command: &Command) -> Vec<String> {
    match command {
        Command::Exec { program, args } => one_and_all(program.clone(), args),
        Command::Shell { command, shell } => {
            let shell = shell.as_deref().unwrap_or_else(|| default_shell());
            let mut words = vec![shell.to_owned()];
            words.extend(ShellKind::of(shell).flags().iter().map(|&flag| flag.to_owned()));
            words.push(command.clone());
            words
        }
        Command::Script { path, interpreter, args } => {
            let path = path.to_string_lossy().into_owned();
            let mut words: Vec<String> = interpreter.iter().cloned().collect();
            words.extend(one_and_all(path, args));
            words
        }
        Command::AwsCli { service, operation, args, .. } => {
            one_and_all("aws".into(), &aws_cli::args(service, operation, args))
        }
    }
}

fn one_and_all(first: String, rest: &[String]) -> Vec<String> {
    std::iter::once(first).chain(rest.iter().cloned()).collect()
}

/// One word of a POSIX shell: bare if that is safe, else in single quotes, or in `$'…'` if control characters
/// would break the line (bash, zsh, ksh and POSIX 2024).
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(char::is_control) {
        let mut out = String::from("$'");
        for c in word.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\\' | '\'' => out.extend(['\\', c]),
                c if c.is_control() => {
                    let mut bytes = [0; 4];
                    for byte in c.encode_utf8(&mut bytes).bytes() {
                        out.push('\\');
                        out.extend([6, 3, 0].map(|shift| char::from(b'0' + (byte >> shift & 7))));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('\'');
        out
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_displayed_command_can_be_pasted() {
        let shown = |args: &[&str]| ExecutionRequest::exec("git", args.iter().copied()).command.display();
        assert_eq!(shown(&["log", "--format=%h"]), "git log --format=%h");
        assert_eq!(shown(&["a b", "it's", ""]), r"git 'a b' 'it'\''s' ''");
        assert_eq!(shown(&["a\nb\u{1b}"]), r"git $'a\nb\033'");
    }

    #[test]
    fn a_line_for_the_default_shell_is_shown_as_it_is() {
        let request = ExecutionRequest::shell("npm ci && npm test");
        assert_eq!(request.command.display(), "npm ci && npm test");
        assert_eq!(argv(&request), [default_shell(), "-c", "npm ci && npm test"]);
        let bash = Command::Shell { command: "echo $0".into(), shell: Some("bash".into()) };
        assert_eq!(bash.display(), "bash -c 'echo $0'");
    }
}
