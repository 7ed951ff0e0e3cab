//! Signals by name.

/// Every signal that may end a process, in the spelling of kill(1).
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
    (libc::SIGSYS, "SIGSYS"),
    #[cfg(target_os = "linux")]
    (libc::SIGPWR, "SIGPWR"),
    #[cfg(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64"))))]
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    #[cfg(target_vendor = "apple")]
    (libc::SIGEMT, "SIGEMT"),
];

/// `SIGTERM` for 15, `SIGRTMIN+1` for a real-time signal; `SIG<number>` where it has no name.
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
