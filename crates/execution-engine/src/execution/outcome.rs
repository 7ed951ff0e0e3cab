//! From the end of a process to status, code and message. Pure.

use std::sync::Arc;

use super::terminal;
use crate::error::{ExecutionFailure, FailureCode};
use crate::event::{EventKind, OutputStream};
use crate::process::{ExitKind, Member};
use crate::request::Command;
use crate::result::{ExecutionResult, ExecutionStatus};

/// Why the engine stopped an execution. The first cause wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// `cancel` or shutdown.
    Cancelled,
    /// The timeout passed.
    Timeout { ms: u64, is_suspended: bool },
    /// The output exceeded this many bytes under `fail_execution`.
    OutputLimit(u64),
}

impl Cause {
    /// The reason in the log's event record.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancel",
            Self::Timeout { .. } => "timeout",
            Self::OutputLimit(_) => "output_limit",
        }
    }
}

/// A stop by the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) cause: Cause,
    pub(crate) reach: Reach,
}

/// How far a stop reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    All,
    /// All but these.
    AllBut(Vec<Member>),
    /// The program runs as another user and could not be signalled. It ended by itself.
    AllButTheLeader,
}

/// How an execution whose process ran has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: ExecutionStatus,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<String>,
    pub(crate) error: Option<ExecutionFailure>,
}

/// Judges the end of `shown`, the command as one would type it. `has_input`: it was given standard input.
/// `end_of` returns at most the given number of a stream's last bytes.
pub(crate) fn judge(
    stop: Option<&Stop>,
    exit: &ExitKind,
    command: &Command,
    shown: &str,
    has_input: bool,
    end_of: impl Fn(OutputStream, usize) -> Vec<u8>,
) -> Outcome {
    let (exit_code, signal) = match exit {
        ExitKind::Code(code) => (Some(*code), None),
        ExitKind::Signal { name, .. } => (None, Some(name.clone())),
        ExitKind::Unknown => (None, None),
    };
    let terminal = || terminal::advice(command, has_input, &end_of);
    let (status, error) = match stop {
        Some(stop) => stopped(stop, shown, terminal),
        None => ended(exit, command, shown, terminal),
    };
    Outcome { status, exit_code, signal, error }
}

/// An execution that was cancelled before it had a process.
pub(crate) fn never_started(shown: &str) -> ExecutionFailure {
    ExecutionFailure::new(FailureCode::Cancelled, format!("`{shown}` was cancelled before it started"))
}

/// An execution that was cancelled during look-up and spawn. A process that was spawned after all was killed.
pub(crate) fn cancelled_while_starting(shown: &str) -> ExecutionFailure {
    let message = format!("`{shown}` was cancelled while it was being started");
    ExecutionFailure::new(FailureCode::Cancelled, message)
}

/// `terminal`: what to do if it wanted a terminal, as far as its words tell.
fn stopped(
    stop: &Stop,
    shown: &str,
    terminal: impl FnOnce() -> Option<&'static str>,
) -> (ExecutionStatus, Option<ExecutionFailure>) {
    let (status, code) = match stop.cause {
        Cause::Cancelled => (ExecutionStatus::Cancelled, FailureCode::Cancelled),
        Cause::Timeout { .. } => (ExecutionStatus::Timeout, FailureCode::Timeout),
        Cause::OutputLimit(_) => (ExecutionStatus::Failed, FailureCode::OutputSizeExceeded),
    };
    let message = match &stop.reach {
        Reach::All => match stop.cause {
            Cause::Cancelled => format!("`{shown}` was cancelled"),
            Cause::Timeout { ms, is_suspended } => {
                let advice = if is_suspended {
                    "a signal (such as SIGSTOP or SIGTSTP) had suspended it (state T), and nothing continued it"
                        .to_owned()
                } else if let Some(advice) = terminal() {
                    format!("it may have waited for a terminal, and an execution has none; {advice}")
                } else {
                    "a longer one gives it more time".to_owned()
                };
                format!("`{shown}` was stopped after its timeout of {ms} ms; {advice}")
            }
            Cause::OutputLimit(bytes) => format!(
                "`{shown}` was stopped because it wrote more than {bytes} bytes to one stream; allow more \
                 output, or choose `truncate_with_warning` or `stream_to_file` for what is too much"
            ),
        },
        Reach::AllBut(left) => format!("`{shown}` {}, but {}", reason(stop.cause), live_on(left)),
        Reach::AllButTheLeader => format!(
            "`{shown}` {}, but it ran as another user, whose processes may not be signalled, and ended by \
             itself",
            reason(stop.cause)
        ),
    };
    (status, Some(ExecutionFailure::new(code, message)))
}

/// What happened, where the engine cannot say that it stopped the program.
fn reason(cause: Cause) -> String {
    match cause {
        Cause::Cancelled => "was cancelled".to_owned(),
        Cause::Timeout { ms, .. } => format!("exceeded its timeout of {ms} ms"),
        Cause::OutputLimit(bytes) => format!("wrote more than {bytes} bytes to one stream"),
    }
}

/// Names a few processes that a stop did not end, and says why.
fn live_on(left: &[Member]) -> String {
    const NAMED: usize = 3;
    let name = |member: &Member| format!("`{}` (pid {})", member.process.name, member.process.pid);
    let first = left.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    let names = match left.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    };
    let is_one = left.len() == 1;
    if left.iter().all(|member| !member.may_signal) {
        let (run, live) = if is_one { ("runs", "lives") } else { ("run", "live") };
        format!("{names} {run} as another user, whose processes may not be signalled, and {live} on")
    } else {
        format!(
            "{names} could not be ended, not even by SIGKILL, and {} on",
            if is_one { "lives" } else { "live" }
        )
    }
}

fn ended(
    exit: &ExitKind,
    command: &Command,
    shown: &str,
    terminal: impl FnOnce() -> Option<&'static str>,
) -> (ExecutionStatus, Option<ExecutionFailure>) {
    let error = match exit {
        ExitKind::Code(0) => return (ExecutionStatus::Completed, None),
        ExitKind::Code(code) => match terminal() {
            Some(advice) => ExecutionFailure::new(
                FailureCode::NeedsTerminal,
                format!(
                    "`{shown}` ended with exit code {code}: something in it asks at a terminal, and an \
                     execution has none; {advice}"
                ),
            ),
            None => ExecutionFailure::new(
                FailureCode::NonZeroExit,
                format!("`{shown}` ended with exit code {code}{}", hint(*code, command)),
            ),
        },
        ExitKind::Signal { name, core_dumped, .. } => ExecutionFailure::new(
            FailureCode::KilledBySignal,
            format!("`{shown}` was ended by {name}{}", if *core_dumped { " (core dumped)" } else { "" }),
        ),
        ExitKind::Unknown => ExecutionFailure::new(
            FailureCode::ExitStatusLost,
            format!(
                "`{shown}` ended, but its exit status was taken by another part of this program (one \
                 that waits for any child, or ignores SIGCHLD)"
            ),
        ),
    };
    (ExecutionStatus::Failed, Some(error))
}

/// Exit codes with an agreed meaning: the shell's, and the AWS command line's.
fn hint(code: i32, command: &Command) -> &'static str {
    match (command, code) {
        (Command::Shell { .. } | Command::Script { .. }, 126) => {
            ": a command in it is there but cannot be executed"
        }
        (Command::Shell { .. } | Command::Script { .. }, 127) => ": a command in it was not found",
        (Command::AwsCli { .. }, 252) => ": the command's syntax was not understood",
        (Command::AwsCli { .. }, 253) => ": its configuration or credentials are missing or invalid",
        (Command::AwsCli { .. }, 254) => ": the service answered with an error",
        _ => "",
    }
}

/// The event that says how it ended.
pub(crate) fn terminal_event(result: &Arc<ExecutionResult>) -> EventKind {
    let result = Arc::clone(result);
    match result.status {
        ExecutionStatus::Completed => EventKind::Completed { result },
        ExecutionStatus::Cancelled => EventKind::Cancelled { result },
        ExecutionStatus::Timeout => EventKind::Timeout { result },
        // Not terminal: a new result never has one of these.
        _ => EventKind::Failed { result },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::LeftoverProcess;

    fn verdict(cause: Option<Cause>, exit: &ExitKind) -> Outcome {
        let command = Command::Shell { command: "x".into(), shell: None };
        let stop = cause.map(|cause| Stop { cause, reach: Reach::All });
        judge(stop.as_ref(), exit, &command, "sh -c x", false, |_, _| Vec::new())
    }

    fn message_of_a_stop(cause: Cause, reach: Reach) -> String {
        stopped(&Stop { cause, reach }, "x", || None).1.unwrap().message
    }

    fn member(pid: u32, name: &str, may_signal: bool) -> Member {
        Member { process: LeftoverProcess { pid, name: name.into() }, may_signal }
    }

    fn killed(name: &str, number: i32) -> ExitKind {
        ExitKind::Signal { number, name: name.into(), core_dumped: false }
    }

    #[test]
    fn exit_code_0_is_completed_and_every_other_is_failed() {
        assert_eq!(verdict(None, &ExitKind::Code(0)).status, ExecutionStatus::Completed);
        for code in 1..=255 {
            let outcome = verdict(None, &ExitKind::Code(code));
            assert_eq!((outcome.status, outcome.exit_code), (ExecutionStatus::Failed, Some(code)));
            assert_eq!(outcome.error.unwrap().code, FailureCode::NonZeroExit);
        }
    }

    #[test]
    fn the_cause_decides_the_status_whatever_the_exit() {
        let exits = [ExitKind::Code(0), ExitKind::Code(143), killed("SIGKILL", 9), ExitKind::Unknown];
        for exit in &exits {
            assert_eq!(verdict(Some(Cause::Cancelled), exit).status, ExecutionStatus::Cancelled);
            let timeout = Cause::Timeout { ms: 5, is_suspended: false };
            assert_eq!(verdict(Some(timeout), exit).status, ExecutionStatus::Timeout);
            let limited = verdict(Some(Cause::OutputLimit(5)), exit);
            assert_eq!(limited.error.unwrap().code, FailureCode::OutputSizeExceeded);
        }
    }

    #[test]
    fn nothing_that_lives_on_was_stopped() {
        let foreign =
            |pids: &[u32]| Reach::AllBut(pids.iter().map(|pid| member(*pid, "sleep", false)).collect());
        assert_eq!(
            message_of_a_stop(Cause::Timeout { ms: 400, is_suspended: false }, foreign(&[7])),
            "`x` exceeded its timeout of 400 ms, but `sleep` (pid 7) runs as another user, whose processes may \
             not be signalled, and lives on"
        );
        assert!(
            message_of_a_stop(Cause::Cancelled, foreign(&[1, 2, 3, 4, 5]))
                .contains("`sleep` (pid 3) and 2 more run as another user")
        );
        let stuck = Reach::AllBut(vec![member(8, "cat", true)]);
        assert_eq!(
            message_of_a_stop(Cause::OutputLimit(9), stuck),
            "`x` wrote more than 9 bytes to one stream, but `cat` (pid 8) could not be ended, not even by \
             SIGKILL, and lives on"
        );
        assert!(message_of_a_stop(Cause::Cancelled, Reach::AllButTheLeader).contains("ended by itself"));
    }

    #[test]
    fn a_signal_leaves_no_exit_code() {
        let outcome = verdict(None, &killed("SIGSEGV", 11));
        assert_eq!((outcome.exit_code, outcome.signal.as_deref()), (None, Some("SIGSEGV")));
        assert_eq!(outcome.error.unwrap().code, FailureCode::KilledBySignal);
    }

    #[test]
    fn a_question_at_the_terminal_is_a_reason_to_fail_but_not_to_complete() {
        let command = Command::Exec { program: "sudo".into(), args: Vec::new() };
        let end_of = |_, _| b"sudo: a terminal is required to read the password\n".to_vec();
        let verdict = |exit| judge(None, &ExitKind::Code(exit), &command, "sudo id", false, end_of);
        assert_eq!(verdict(0).error, None);
        let failed = verdict(1);
        assert_eq!((failed.status, failed.exit_code), (ExecutionStatus::Failed, Some(1)));
        let error = failed.error.unwrap();
        assert_eq!(error.code, FailureCode::NeedsTerminal);
        assert!(error.message.contains("`sudo id`") && error.message.contains("sudo -n"), "{error}");
    }

    #[test]
    fn more_time_is_no_advice_for_what_waits_for_a_terminal() {
        let stop = Stop { cause: Cause::Timeout { ms: 9, is_suspended: false }, reach: Reach::All };
        let command = Command::Exec { program: "git".into(), args: vec!["commit".into()] };
        let end_of = |_, _| b"Vim: Warning: Input is not from a terminal\n".to_vec();
        let outcome = judge(Some(&stop), &killed("SIGTERM", 15), &command, "git commit", false, end_of);
        let error = outcome.error.unwrap();
        assert_eq!(error.code, FailureCode::Timeout);
        assert!(error.message.contains("git commit -m") && !error.message.contains("more time"), "{error}");
    }

    #[test]
    fn a_command_missing_inside_a_shell_line_is_explained() {
        assert!(verdict(None, &ExitKind::Code(127)).error.unwrap().message.contains("not found"));
    }
}
