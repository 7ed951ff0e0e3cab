//! Signals by name.

use crate::error::InvalidField;

/// The signals, in the spelling of kill(1).
#[cfg(unix)]
const NAMES: &[(i32, &str)] = &[
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGSYS, "SIGSYS"),
    #[cfg(target_os = "linux")]
    (libc::SIGPWR, "SIGPWR"),
    #[cfg(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64"))))]
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    #[cfg(target_vendor = "apple")]
    (libc::SIGEMT, "SIGEMT"),
    #[cfg(target_vendor = "apple")]
    (libc::SIGINFO, "SIGINFO"),
];

/// Windows has none: this one stands for the graceful stop there.
#[cfg(windows)]
const NAMES: &[(i32, &str)] = &[(15, "SIGTERM")];

/// They suspend or continue a program.
const JOB_CONTROL: &[&str] = &["SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"];

/// The signal that asks a program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KillSignal {
    pub(crate) number: i32,
    pub(crate) name: &'static str,
}

impl KillSignal {
    #[cfg(unix)]
    pub(crate) const DEFAULT: Self = Self { number: libc::SIGTERM, name: "SIGTERM" };
    #[cfg(windows)]
    pub(crate) const DEFAULT: Self = Self { number: 15, name: "SIGTERM" };

    /// The signal with this name.
    ///
    /// # Errors
    /// When it is no signal of this system, or none that ends a program.
    pub(crate) fn named(name: &str) -> Result<Self, InvalidField> {
        let refused = |allowed: String| InvalidField::new("kill_signal", format!("{name:?}"), allowed);
        if JOB_CONTROL.contains(&name) {
            return Err(refused("it suspends or continues a program, and does not end it".into()));
        }
        if let Some((number, name)) = NAMES.iter().find(|(_, known)| *known == name) {
            return Ok(Self { number: *number, name });
        }
        if let Some(meant) = meant_by(name) {
            return Err(refused(format!("did you mean `{meant}`?")));
        }
        if cfg!(windows) {
            return Err(refused("Windows has no signals: leave it out, or give `SIGTERM`".into()));
        }
        let known = NAMES.iter().map(|(_, name)| *name).filter(|name| !JOB_CONTROL.contains(name));
        Err(refused(format!("allowed are {}", known.collect::<Vec<_>>().join(", "))))
    }

    /// Whether a program has no choice.
    pub(crate) fn is_forced(self) -> bool {
        self.name == "SIGKILL"
    }
}

/// The signal that `15`, `term` or `TERM` stands for.
fn meant_by(given: &str) -> Option<&'static str> {
    let upper = given.trim().to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let is_meant =
        |(number, name): &&(i32, &str)| name.strip_prefix("SIG") == Some(bare) || number.to_string() == upper;
    NAMES.iter().find(is_meant).map(|(_, name)| *name).filter(|name| !JOB_CONTROL.contains(name))
}

/// `SIGTERM` for 15, `SIGRTMIN+1` for a real-time signal; `SIG<number>` where it has no name.
#[cfg(unix)]
pub(crate) fn name_of(number: i32) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == number) {
        return (*name).into();
    }
    #[cfg(target_os = "linux")]
    if (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(&number) {
        let above = number - libc::SIGRTMIN();
        return if above == 0 { "SIGRTMIN".into() } else { format!("SIGRTMIN+{above}") };
    }
    format!("SIG{number}")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        KillSignal::named(name).unwrap_err().to_string()
    }

    #[test]
    fn every_name_is_one_that_can_be_sent() {
        for (number, name) in NAMES.iter().filter(|(_, name)| !JOB_CONTROL.contains(name)) {
            assert_eq!(KillSignal::named(name).unwrap(), KillSignal { number: *number, name });
            assert!(rustix::process::Signal::from_named_raw(*number).is_some(), "{name}");
        }
    }

    #[test]
    fn another_spelling_is_refused_with_the_right_one() {
        for spelling in ["INT", "int", "sigint", "SIGInt", " SIGINT", "2"] {
            assert!(refusal(spelling).contains("did you mean `SIGINT`?"), "{spelling}");
        }
    }

    #[test]
    fn what_is_no_signal_or_ends_nothing_is_refused() {
        for name in JOB_CONTROL {
            assert!(refusal(name).contains("does not end it"), "{name}");
        }
        for name in ["", "SIG", "SIGSTOPPED", "SIGBREAK", "0", "99", "STOP"] {
            let message = refusal(name);
            assert!(message.contains("SIGTERM") && !message.contains("SIGSTOP,"), "{message}");
        }
    }
}
