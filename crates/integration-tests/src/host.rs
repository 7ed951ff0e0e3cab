//! Another program that embeds the engine: for what ends, starves or disturbs the process it happens in.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::child;

/// A host that runs one shell line, and its events.
pub struct Host {
    process: Child,
    events: Box<dyn Iterator<Item = Value> + Send>,
}

impl Host {
    /// With its logs in this folder.
    #[must_use]
    pub fn start(log_dir: &Path, line: &str) -> Self {
        Self::from(Command::new(child()).arg("host").arg(log_dir).arg(line))
    }

    /// Started by another program, `sh` say; `"$0" host "$1" "$2"` starts the host there.
    #[must_use]
    pub fn under(program: &str, args: &[&str], log_dir: &Path, line: &str) -> Self {
        Self::from(Command::new(program).args(args).arg(child()).arg(log_dir).arg(line))
    }

    /// Whatever the command starts is the host, or becomes it.
    #[must_use]
    pub fn from(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the host starts");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let parse = |line: std::io::Result<String>| {
            let line = line.expect("the host is read");
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("no event: {line}"))
        };
        Self { process, events: Box::new(lines.map(parse)) }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The text after `prefix` in the next line of output that has it.
    pub fn line_after(&mut self, prefix: &str) -> String {
        let after = |event: Value| event["line"].as_str()?.strip_prefix(prefix).map(str::to_owned);
        self.events.find_map(after).expect("the line comes")
    }

    /// Has it run its next line.
    pub fn next(&mut self) {
        self.process.stdin.as_mut().expect("it is piped").write_all(b"\n").expect("the host reads");
    }

    /// The result, when it comes.
    pub fn result(&mut self) -> Value {
        self.events.find_map(|mut event| event.get_mut("result").map(Value::take)).expect("the end comes")
    }

    /// Kills it, as a crash would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Host {
    /// Also when a test fails.
    fn drop(&mut self) {
        // What started it goes too.
        if let Some(group) = Pid::from_raw(self.process.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

/// Whether a program can be run here. Where not, the test says so and is left out.
#[must_use]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub fn have(program: &str, args: &[&str]) -> bool {
    let runs = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has_it = runs.is_ok_and(|status| status.success());
    if !has_it {
        eprintln!("left out: `{program} {}` does not run here", args.join(" "));
    }
    has_it
}
