//! What happens to the groups when the host ends: this test binary runs itself again as the host.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{table, tests};
use crate::error::FailureCode;
use crate::process::{SpawnClaim, release_guard_if_idle, spawn};

const AS_HOST: &str = "EXECUTION_ENGINE_TEST_HOST";

/// Runs this binary with a single test, the host below.
fn host(how: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::unix::crash_tests::the_host", "--nocapture", "--test-threads=1"])
        .env(AS_HOST, how)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Only when run by [`host`]: three groups that ignore signals, then an end.
#[tokio::test(flavor = "multi_thread")]
async fn the_host() {
    let Ok(how) = std::env::var(AS_HOST) else { return };
    let deaf = "trap '' TERM INT HUP; (while :; do sleep 1; done) & echo $! $$; while :; do sleep 1; done";
    let mut all = Vec::new();
    for _ in 0..3 {
        let spawned = tests::start(tests::sh(deaf)).await;
        let line = tests::read(&spawned.stdout, Some("\n")).await;
        print!("pids {line}");
        all.push(spawned);
    }
    // One that ended before: its id must not be killed later.
    tests::end(tests::start(tests::sh("true")).await).await;
    println!("ready");
    std::io::stdout().flush().unwrap();
    match how.as_str() {
        "crash" => {
            let _ = kill_process(Pid::from_raw(std::process::id().cast_signed()).unwrap(), Signal::KILL);
        }
        "teardown" => {
            // Three leaders and the guard.
            assert_eq!(children(std::process::id()), 4);
            drop(all);
            let begun = Instant::now();
            // The guard ends when nothing is left to watch.
            while children(std::process::id()) > 0 && begun.elapsed() < tests::DEADLINE {
                release_guard_if_idle();
            }
            println!("children {}", children(std::process::id()));
            std::process::exit(0);
        }
        "exhausted" => {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let before = getrlimit(Resource::Nofile);
            setrlimit(Resource::Nofile, Rlimit { current: Some(8), ..before }).unwrap();
            let spec = tests::sh("true");
            let failure = spawn(SpawnClaim::default(), move || Ok(spec)).await.unwrap_err();
            assert_eq!(failure.code, FailureCode::ResourceExhausted);
            println!("{failure}");
            setrlimit(Resource::Nofile, before).unwrap();
            let exit = tests::end(tests::start(tests::sh("exit 5")).await).await;
            println!("then {:?}", exit.status);
            drop(all);
            std::process::exit(0);
        }
        other => panic!("{other}"),
    }
}

/// Zombies included.
fn children(parent: u32) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok())
        .filter_map(|stat| stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok())
        .filter(|&of| of == parent)
        .count()
}

/// Runs a host to its end; returns the processes it had spawned and what it printed afterwards.
fn outcome(how: &str) -> (Vec<u32>, Vec<String>) {
    let mut host = host(how);
    let mut pids = Vec::new();
    let mut said = Vec::new();
    for line in BufReader::new(host.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.split_once("pids ") {
            Some((_, list)) => pids.extend(list.split(' ').map(|pid| pid.parse::<u32>().unwrap())),
            None => said.push(line),
        }
    }
    host.wait().unwrap();
    assert_eq!(pids.len(), 6);
    assert!(said.contains(&"ready".to_owned()), "{said:?}");
    (pids, said)
}

fn all_gone(pids: &[u32]) {
    let deadline = Instant::now() + tests::DEADLINE;
    for &pid in pids {
        while table::look(pid).is_some_and(|process| !process.zombie) {
            assert!(Instant::now() < deadline, "{pid} survived its host");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn the_guard_ends_every_group_after_the_hosts_sigkill() {
    let (pids, _) = outcome("crash");
    all_gone(&pids);
}

#[test]
fn a_teardown_leaves_no_process_no_zombie_and_no_guard() {
    let (pids, said) = outcome("teardown");
    all_gone(&pids);
    assert!(said.contains(&"children 0".to_owned()), "{said:?}");
}

#[test]
fn without_descriptors_a_spawn_is_refused_after_some_tries_and_later_ones_work() {
    let (_, said) = outcome("exhausted");
    let said = said.join("\n");
    assert!(said.contains("no file descriptor left, still after 6 tries"), "{said}");
    assert!(said.contains("then Code(5)"), "{said}");
}
