//! Recognises, by its last output, a program that failed because it asked at a terminal. Pure.
//!
//! An execution has no terminal, so such a question fails at once, and each program says so in its own words.
//! The phrases below come from the programs themselves (git 2.39, OpenSSH 9.2, sudo 1.9, `GnuPG` 2.2, …). A
//! program that does not speak English may keep its plain exit code.

use crate::event::OutputStream;
use crate::request::Command;

/// How many bytes of a stream's end are examined: enough for an interpreter's stack trace, whose first line
/// has the reason. Earlier output is probably not why the program ended.
const END: usize = 2048;

/// What a program says that could not ask, in lower case, as parts of one line, and what to do instead.
type Question = (&'static [&'static [&'static str]], &'static str);

const QUESTIONS: [Question; 10] = [
    (
        &[&["sudo: a terminal is required"], &["sudo: no tty present"], &["you must have a tty to run sudo"]],
        "allow the command without a password (NOPASSWD in sudoers), or use `sudo -S` with the password as \
         standard input; `sudo -n` never asks",
    ),
    (
        &[&["could not read username for '"], &["could not read password for '"]],
        "use a credential helper, `GIT_ASKPASS`, or ssh with a key; with `GIT_TERMINAL_PROMPT=0` git never asks",
    ),
    (
        &[&["host key verification failed"]],
        "add the server's key to `known_hosts` first (`ssh-keyscan`), or accept new ones with \
         `ssh -o StrictHostKeyChecking=accept-new`",
    ),
    (
        &[&["permission denied, please try again."]],
        "log in with a key that is in the agent or has no passphrase; with `ssh -o BatchMode=yes` ssh never asks",
    ),
    (
        &[&["gpg: cannot open", "/dev/tty"], &["gpg: ", "inappropriate ioctl for device"]],
        "use `gpg --batch --pinentry-mode loopback` with `--passphrase-file` or `--passphrase-fd 0`",
    ),
    (
        &[&["the input device is not a tty"], &["cannot attach stdin to a tty-enabled container"]],
        "leave `-t` (`--tty`) out",
    ),
    (&[&["su: must be run from a terminal"]], "use `sudo -n` instead"),
    (
        &[&["vim: warning: input is not from a terminal"], &["standard input is not a terminal"]],
        "give the text as an option or in a file (`git commit -m`), or name an editor that asks nothing \
         (`GIT_EDITOR=true`)",
    ),
    (
        &[&["cannot perform an interactive login from a non tty device"]],
        "use `docker login --password-stdin`",
    ),
    (
        &[
            &["open terminal failed: not a terminal"],
            &["must be connected to a terminal"],
            &["top: failed tty get"],
        ],
        IN_GENERAL,
    ),
];

const IN_GENERAL: &str = "use the program's options for scripts, or give the answer as standard input, in a \
                          file or in a variable";

const FOR_A_PASSWORD: &str = "give the password as standard input, in a file or in a variable (`PGPASSWORD`, \
                              `SSH_ASKPASS`), as the program has it; instead of `su` use `sudo -n`";

/// The server's key has changed, or asking is forbidden: no terminal would help.
const REFUSED_BY_SSH: &str = "you have requested strict checking";

/// What to do, if the program failed for want of a terminal. `has_input`: it was given standard input.
/// `end_of` gives what was kept of a stream's last bytes.
///
/// Programs complain on standard error, but a shell may have redirected it to standard output.
pub(super) fn advice(
    command: &Command,
    has_input: bool,
    end_of: impl Fn(OutputStream, usize) -> Vec<u8>,
) -> Option<&'static str> {
    let mut end = end_of(OutputStream::Stderr, END);
    if end.is_empty() && is_shell(command) {
        end = end_of(OutputStream::Stdout, END);
    }
    let end = String::from_utf8_lossy(&end).to_ascii_lowercase();
    if end.contains(REFUSED_BY_SSH) {
        return None;
    }
    let says = |parts: &[&str]| end.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    QUESTIONS
        .iter()
        .find(|(words, _)| words.iter().any(|parts| says(parts)))
        .map(|(_, advice)| *advice)
        .or_else(|| end.lines().any(cannot_open_terminal).then_some(IN_GENERAL))
        .or_else(|| {
            let is_in_vain = !has_input && !feeds(command) && end.lines().any(is_unanswered);
            is_in_vain.then_some(FOR_A_PASSWORD)
        })
}

/// Whether a shell runs it.
fn is_shell(command: &Command) -> bool {
    const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];
    match command {
        Command::Shell { .. } | Command::Script { .. } => true,
        Command::Exec { program, .. } => SHELLS.contains(&program.rsplit('/').next().unwrap_or_default()),
        Command::AwsCli { .. } => false,
    }
}

/// Whether it may give a program in it something to read: a wrong password was an answer.
fn feeds(command: &Command) -> bool {
    match command {
        Command::Shell { command, .. } => command.contains(['|', '<']),
        Command::Exec { args, .. } => args.iter().any(|arg| arg.contains(['|', '<'])),
        Command::Script { .. } => true,
        Command::AwsCli { .. } => false,
    }
}

/// A request for a password that found standard input at its end: nothing follows it in its line but the
/// program's complaint.
fn is_unanswered(line: &str) -> bool {
    let asks = |prompt: &str| ["password", "passphrase"].iter().any(|word| prompt.contains(word));
    let complains = |rest: &str| {
        ["su: ", "passwd: ", "invalid password", "load key "].iter().any(|words| rest.starts_with(words))
    };
    line.split_once(": ").is_some_and(|(prompt, rest)| asks(prompt) && (rest.is_empty() || complains(rest)))
}

/// `/dev/tty` and the system's reason, but no serial line such as `/dev/ttyS0`.
fn cannot_open_terminal(line: &str) -> bool {
    let named = |(_, rest): (&str, &str)| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
    line.split_once("/dev/tty").is_some_and(named)
        && ["no such device or address", "device not configured", "/dev/tty: "]
            .iter()
            .any(|why| line.contains(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_stderr(said: &str) -> Option<&'static str> {
        let command = Command::Exec { program: "x".into(), args: Vec::new() };
        advice(&command, false, |stream, most| match stream {
            OutputStream::Stderr => said.as_bytes()[said.len().saturating_sub(most)..].to_vec(),
            OutputStream::Stdout => Vec::new(),
        })
    }

    #[test]
    fn a_question_that_could_not_be_asked_is_known_by_its_programs_words() {
        for (said, advised) in [
            (
                "sudo: a terminal is required to read the password; either use the -S option to read from \
                 standard input or configure an askpass helper\nsudo: a password is required\n",
                "sudo -n",
            ),
            ("fatal: could not read Username for 'https://a.b': No such device or address\n", "GIT_ASKPASS"),
            (
                "fatal: could not read Password for 'https://u@a.b': terminal prompts disabled\n",
                "GIT_ASKPASS",
            ),
            (
                "Host key verification failed.\r\nfatal: Could not read from remote repository.\n\nPlease make \
                 sure you have the correct access rights\nand the repository exists.\n",
                "ssh-keyscan",
            ),
            (
                "Permission denied, please try again.\r\nu@h: Permission denied (publickey,password).\r\n",
                "BatchMode",
            ),
            ("gpg: cannot open '/dev/tty': No such device or address\n", "loopback"),
            (
                "error: gpg failed to sign the data:\ngpg: signing failed: Inappropriate ioctl for device\n",
                "loopback",
            ),
            ("the input device is not a TTY\n", "--tty"),
            ("su: must be run from a terminal\n", "sudo -n"),
            ("sh: 1: cannot open /dev/tty: No such device or address\n", "scripts"),
            ("bash: line 1: /dev/tty: Kein passendes Gerät\n", "scripts"),
            ("OSError: [Errno 6] No such device or address: '/dev/tty'\n", "scripts"),
            (
                "Error: ENXIO: no such device or address, open '/dev/tty'\n    at x\n\nNode.js v20\n",
                "scripts",
            ),
            ("open /dev/tty: device not configured\n", "scripts"),
            ("Error: Cannot perform an interactive login from a non TTY device\n", "--password-stdin"),
            (
                "Standard input is not a terminal\nerror: There was a problem with the editor 'nano'.\n",
                "commit -m",
            ),
            ("Password: su: Authentication failure\n", "sudo -n"),
            ("Current password: passwd: Authentication token manipulation error\n", "standard input"),
            ("Password for user u: \npsql: error: fe_sendauth: no password supplied\n", "PGPASSWORD"),
            ("Enter password: \nERROR 1045 (28000): Access denied (using password: NO)\n", "standard input"),
            ("Enter passphrase for /home/u/.ssh/id_ed25519: ", "SSH_ASKPASS"),
        ] {
            assert!(on_stderr(said).is_some_and(|advice| advice.contains(advised)), "{said}");
        }
    }

    #[test]
    fn failures_unrelated_to_a_terminal_are_not_blamed_on_it() {
        for said in [
            "",
            "sudo: a password is required\n",
            "u@h: Permission denied (publickey).\n",
            "sh: 1: cannot open /dev/ttyUSB0: No such device or address\n",
            "cp: failed to clone 'a' from 'b': Inappropriate ioctl for device\n",
            "psql: error: fe_sendauth: no password supplied\n",
            "password: it must have 8 characters\nerror: invalid password: \n",
            "Host key for h has changed and you have requested strict checking.\nHost key verification failed.\n",
            &format!("sudo: a terminal is required\n{}", "cc: error: no such file\n".repeat(100)),
        ] {
            assert_eq!(on_stderr(said), None, "{said}");
        }
    }

    #[test]
    fn a_wrong_password_was_an_answer() {
        let said = |_, _| b"Password: su: Authentication failure\n".to_vec();
        let su = |line: &str| Command::Shell { command: line.into(), shell: None };
        assert!(advice(&su("su -c id"), false, said).is_some());
        assert_eq!(advice(&su("su -c id"), true, said), None);
        assert_eq!(advice(&su("echo wrong | su -c id"), false, said), None);
    }

    #[test]
    fn standard_output_counts_where_a_shell_may_have_sent_the_complaint_there() {
        let said = b"fatal: could not read Username for 'https://a.b': No such device or address\n";
        let end_of = |stream, _| if stream == OutputStream::Stdout { said.to_vec() } else { Vec::new() };
        let exec = |program: &str, args: &[&str]| Command::Exec {
            program: program.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        };
        let shell = Command::Shell { command: "git fetch 2>&1".into(), shell: None };
        for command in [shell, exec("bash", &["-lc", "git fetch 2>&1"]), exec("/bin/sh", &["fetch.sh"])] {
            assert!(advice(&command, false, end_of).is_some(), "{command:?}");
        }
        assert_eq!(advice(&exec("git", &["diff", "--exit-code"]), false, end_of), None);
    }
}
