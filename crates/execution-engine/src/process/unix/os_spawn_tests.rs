//! What a child is given: a session, signals, descriptors, an environment. With both ways to spawn; this test
//! binary runs itself again as a host whose own signals or descriptors are unusual.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

use super::pipe::{ChildEnd, no_input, output_pipe};
use super::tests::{end, sh, start};
use super::{os_calls, os_fork_spawn, os_spawn};
use crate::process::spec::{EXECUTION_ID_VAR, Exit, ExitKind, SpawnSpec, marker};
use crate::signal;

type Spawn = fn(&SpawnSpec, [ChildEnd; 3]) -> io::Result<u32>;
const BOTH: [Spawn; 2] = [os_spawn::spawn, os_fork_spawn::spawn];

/// Runs it to its end: its id, and what it wrote to its standard output.
fn output(spawn: Spawn, spec: &SpawnSpec) -> (u32, String) {
    let (ours, childs) = output_pipe().unwrap();
    let pid = spawn(spec, [no_input().unwrap(), childs.try_clone().unwrap(), childs]).unwrap();
    let mut output = String::new();
    File::from(ours).read_to_string(&mut output).unwrap();
    let Exit { status, .. } = os_calls::wait4(pid, true).unwrap().unwrap();
    assert_eq!(status, ExitKind::Code(0), "{output}");
    (pid, output)
}

const SCRIPT: &str = "EXECUTION_ENGINE_TEST_SCRIPT";
const REPORT: &str = "EXECUTION_ENGINE_TEST_REPORT";

/// Spawns the script, both ways, in a host that a shell starts after `before`. Returns what it printed.
fn in_a_host(before: &str, script: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report");
    let host = Command::new("/bin/bash")
        .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "process::unix::os_spawn_tests::the_host", "--nocapture", "--test-threads=1"])
        .env(SCRIPT, script)
        .env(REPORT, &report)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let report = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("{host:?}"));
    report.split_terminator('\x1e').map(str::to_owned).collect()
}

/// Only when run by [`in_a_host`].
#[test]
fn the_host() {
    let Some(report) = std::env::var_os(REPORT) else { return };
    let mut report = File::create(report).unwrap();
    let script = std::env::var(SCRIPT).unwrap();
    if script.contains("without standard streams") {
        for stream in 0..3 {
            // SAFETY: nothing in this process owns it, std does without, and the process exits below.
            unsafe { libc::close(stream) };
        }
    }
    let said: String = BOTH.map(|spawn| output(spawn, &sh(&script)).1 + "\x1e").concat();
    report.write_all(said.as_bytes()).unwrap();
    std::process::exit(0);
}

/// A field of `/proc/<pid>/stat` after the name, counted as proc(5) does.
fn field(stat: &str, number: usize) -> &str {
    stat.rsplit_once(") ").unwrap().1.split_ascii_whitespace().nth(number - 3).unwrap()
}

#[test]
fn a_child_leads_a_session_and_a_group_of_its_own_without_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    for spawn in BOTH {
        let mut spec = sh("read -r stat < /proc/$$/stat; echo \"$stat\"; pwd");
        spec.working_dir = Some(dir.path().to_owned());
        let (pid, output) = output(spawn, &spec);
        let (stat, folder) = output.split_once('\n').unwrap();
        let pid = pid.to_string();
        assert_eq!((field(stat, 5), field(stat, 6), field(stat, 7)), (&*pid, &*pid, "0"));
        assert_eq!(folder.trim_end(), dir.path().to_str().unwrap());
    }
}

#[test]
fn every_signal_is_at_its_default_in_a_child_whatever_its_host_ignores() {
    // Without SIGCHLD, which would reap the children before this test does.
    let ignore = "for s in {1..16} {18..31} {34..64}; do trap '' $s; done 2>/dev/null";
    let own_to_glibc = 1 << 31 | 1 << 32;
    let statuses = in_a_host(ignore, "while read -r line; do echo \"$line\"; done < /proc/$$/status");
    // After a fork, those two are out of reach.
    for (status, reset) in statuses.iter().zip([!0, !own_to_glibc]) {
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            u64::from_str_radix(line.split_ascii_whitespace().nth(1).unwrap(), 16).unwrap()
        };
        assert_eq!((of("SigIgn") & reset, of("SigBlk")), (0, 0), "{status}");
    }
}

#[test]
fn no_file_of_the_host_is_open_in_a_child() {
    for open in in_a_host(":", "readlink /proc/$$/fd/*") {
        assert!(open.contains("pipe:") && !open.contains("report"), "{open}");
    }
}

#[test]
fn a_host_without_standard_streams_gives_its_children_theirs() {
    let script = "read -r line && exit 1; echo out; echo err >&2; : without standard streams";
    assert_eq!(in_a_host(":", script), ["out\nerr\n"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_the_childs_own_or_unknown() {
    // `tail` keeps what it will print.
    let spawned = start(sh("head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null")).await;
    let max_rss = end(spawned).await.usage.unwrap().max_rss_bytes;
    assert!(max_rss.is_some_and(|bytes| bytes > 300_000_000), "{max_rss:?}");
    let ballast = std::hint::black_box(vec![1_u8; 100 << 20]);
    assert_eq!(end(start(sh("true")).await).await.usage.unwrap().max_rss_bytes, None);
    drop(ballast);
}

#[test]
fn every_ending_signal_is_named_as_the_system_names_it() {
    for (number, name) in
        [(16, "SIGSTKFLT"), (30, "SIGPWR"), (34, "SIGRTMIN"), (40, "SIGRTMIN+6"), (33, "SIG33")]
    {
        assert_eq!(signal::name_of(number), name);
    }
}

#[test]
fn the_mark_is_the_executions_own_whatever_the_environment_says() {
    for spawn in BOTH {
        let mut spec = sh("tr '\\0' '\\n' < /proc/$$/environ | sort");
        spec.env.push((EXECUTION_ID_VAR.into(), "another".into()));
        spec.env.push(("EMPTY".into(), "".into()));
        let mark = marker(spec.id).into_string().unwrap();
        assert_eq!(output(spawn, &spec).1, format!("EMPTY=\n{mark}\nPATH=/usr/bin:/bin\n"));
    }
}

#[test]
fn a_nul_byte_is_refused_and_cuts_nothing_off() {
    for spawn in BOTH {
        let mut spec = sh("true");
        spec.args.push("a\0b".into());
        let error = spawn(&spec, [(); 3].map(|()| no_input().unwrap())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
