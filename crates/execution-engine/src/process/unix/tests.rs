//! Real processes, watched from outside.

use std::time::{Duration, Instant};

use execution_log::process::is_same_process;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::exit_watch::ExitWatch;
use super::table;
use crate::error::{ExecutionFailure, FailureCode};
use crate::process::{
    Exit, ExitKind, PipeReader, SpawnClaim, SpawnSpec, Spawned, StdinMode, TreeSignal, kill_marked,
    marked_processes, marker, spawn,
};
use crate::signal::KillSignal;

pub(super) fn sh(script: &str) -> SpawnSpec {
    SpawnSpec {
        id: Uuid::now_v7(),
        program: "/bin/sh".into(),
        arg0: None,
        args: vec!["-c".into(), script.into()],
        raw_tail: None,
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        working_dir: None,
        stdin: StdinMode::Null,
    }
}

pub(super) async fn start(spec: SpawnSpec) -> Spawned {
    spawn(SpawnClaim::default(), move || Ok(spec)).await.unwrap()
}

async fn refused(spec: SpawnSpec) -> ExecutionFailure {
    spawn(SpawnClaim::default(), move || Ok(spec)).await.unwrap_err()
}

/// Reads until the end of file, or until `enough` has arrived.
pub(super) async fn read(pipe: &PipeReader, enough: Option<&str>) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        std::future::poll_fn(|context| pipe.poll_readable(context)).await;
        match pipe.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&buffer[..n]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        if enough.is_some_and(|enough| String::from_utf8_lossy(&all).contains(enough)) {
            break;
        }
    }
    String::from_utf8(all).unwrap()
}

pub(super) async fn end(mut spawned: Spawned) -> Exit {
    within(spawned.child.exited()).await;
    spawned.child.reap()
}

/// A safety net: long, because machines are slow. Nothing sleeps for it.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

/// Polls: there is no event for the end of a process that is not our child.
fn gone(pid: u32) -> bool {
    let deadline = Instant::now() + DEADLINE;
    while table::look(pid).is_some_and(|process| !process.zombie) {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Gone without even a zombie.
fn reaped(pid: u32) -> bool {
    let deadline = Instant::now() + DEADLINE;
    while std::fs::exists(format!("/proc/{pid}")).unwrap() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn output_exit_code_and_usage_arrive() {
    let spawned =
        start(sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo out; echo err >&2; exit 7")).await;
    assert_eq!(read(&spawned.stdout, None).await, "out\n");
    assert_eq!(read(&spawned.stderr, None).await, "err\n");
    assert!(spawned.stdout.capacity() >= 4096);
    let pid = spawned.child.pid();
    assert!(is_same_process(pid, spawned.child.start_time()) || table::look(pid).unwrap().zombie);
    let exit = end(spawned).await;
    assert_eq!(exit.status, ExitKind::Code(7));
    let usage = exit.usage.unwrap();
    assert!(usage.user_cpu_ms + usage.system_cpu_ms > 0, "{usage:?}");
    assert!(reaped(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_named() {
    let exit = end(start(sh("kill -TERM $$")).await).await;
    assert_eq!(exit.status, ExitKind::Signal { number: 15, name: "SIGTERM".into(), core_dumped: false });
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_environment_folder_and_name_arrive_verbatim() {
    let mut spec = sh("");
    let dir = tempfile::tempdir().unwrap();
    spec.arg0 = Some("called-so".into());
    spec.args =
        ["-c", "printf '[%s]' \"$0\" \"$@\"; pwd; echo $V; env | wc -l", "zero", "a b", "", "*", "$HOME"]
            .map(Into::into)
            .to_vec();
    spec.env.push(("V".into(), "é=1".into()));
    spec.working_dir = Some(dir.path().to_owned());
    let spawned = start(spec).await;
    let out = read(&spawned.stdout, None).await;
    assert!(out.starts_with(&format!("[zero][a b][][*][$HOME]{}\né=1\n", dir.path().display())), "{out}");
    end(spawned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stdin_is_written_and_its_end_is_seen() {
    let mut spec = sh("cat; echo end");
    spec.stdin = StdinMode::Pipe;
    let mut spawned = start(spec).await;
    let mut stdin = spawned.stdin.take().unwrap();
    stdin.write_all(b"hello ").await.unwrap();
    drop(stdin);
    assert_eq!(within(read(&spawned.stdout, None)).await, "hello end\n");
    end(spawned).await;
    let spawned = start(sh("cat; echo end")).await;
    assert_eq!(within(read(&spawned.stdout, None)).await, "end\n");
    end(spawned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_may_be_cancelled_and_repeated() {
    let mut spawned = start(sh("read x; exit 3")).await;
    for _ in 0..3 {
        let _ = tokio::time::timeout(Duration::from_millis(1), spawned.child.exited()).await;
    }
    within(spawned.child.exited()).await;
    within(spawned.child.exited()).await;
    assert_ne!(spawned.child.reap().status, ExitKind::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pidfd_a_thread_learns_of_the_exit() {
    for script in ["exit 4", "sleep 0.05; exit 4"] {
        let spec = sh(script);
        let launched =
            crate::process::spawner::launch(SpawnClaim::default(), Box::new(move || Ok(spec))).await.unwrap();
        let spawned = launched.register_with(|process| ExitWatch::by_thread(process.pid())).unwrap();
        assert_eq!(end(spawned).await.status, ExitKind::Code(4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_be_watched_is_killed_and_reaped() {
    let spec = sh("sleep 1000");
    let mark = marker(spec.id);
    let launched =
        crate::process::spawner::launch(SpawnClaim::default(), Box::new(move || Ok(spec))).await.unwrap();
    let failure = launched.register_with(|_| Err(std::io::Error::other("in a test"))).unwrap_err();
    assert_eq!(failure.code, FailureCode::ResourceExhausted);
    let deadline = Instant::now() + DEADLINE;
    while !marked_processes(&mark).is_empty() {
        assert!(Instant::now() < deadline);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_signal_reaches_the_group_even_stopped() {
    let mut spawned = start(sh("sleep 1000 & echo $!; kill -STOP $$; wait")).await;
    let child: u32 = read(&spawned.stdout, Some("\n")).await.trim().parse().unwrap();
    spawned.child.signal_tree(TreeSignal::Graceful(KillSignal::DEFAULT));
    within(spawned.child.exited()).await;
    assert!(gone(child));
    assert!(matches!(spawned.child.reap().status, ExitKind::Signal { number: 15, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn force_ends_processes_that_ignore_the_graceful_signal() {
    let mut spawned =
        start(sh("trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $!; wait")).await;
    let child: u32 = read(&spawned.stdout, Some("\n")).await.trim().parse().unwrap();
    spawned.child.signal_tree(TreeSignal::Graceful(KillSignal::DEFAULT));
    let waited = tokio::time::timeout(Duration::from_millis(100), spawned.child.exited()).await;
    assert!(waited.is_err(), "it ignores the signal");
    spawned.child.signal_tree(TreeSignal::Force);
    within(spawned.child.exited()).await;
    assert!(gone(child));
    // The zombie still pins the group: signalling it is not an error.
    spawned.child.signal_tree(TreeSignal::Force);
    assert!(matches!(spawned.child.reap().status, ExitKind::Signal { number: 9, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_left_by_a_natural_end_are_named_and_left_alone() {
    let mut spawned = start(sh("sleep 1000 & echo $!")).await;
    let child: u32 = read(&spawned.stdout, Some("\n")).await.trim().parse().unwrap();
    within(spawned.child.exited()).await;
    // Between fork and exec it still has the shell's name.
    let members = spawned.child.look().await;
    assert_eq!(members.iter().map(|one| one.process.pid).collect::<Vec<_>>(), [child]);
    assert!(["sleep", "sh", "dash", "bash"].contains(&members[0].process.name.as_str()), "{members:?}");
    assert!(!table::look(child).unwrap().zombie);
    assert!(spawned.child.kill_all().await.is_empty());
    assert!(gone(child));
    assert!(spawned.child.look().await.is_empty());
    assert_eq!(spawned.child.reap().status, ExitKind::Code(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_left_the_group_are_found_by_their_mark_and_killed() {
    let mut spawned = start(sh("(setsid sh -c 'echo $$; exec sleep 1000' &) ; sleep 1000")).await;
    let daemon: u32 = within(read(&spawned.stdout, Some("\n"))).await.trim().parse().unwrap();
    assert_ne!(table::look(daemon).unwrap().group, spawned.child.pid());
    let members = spawned.child.look().await;
    assert!(members.iter().any(|one| one.process.pid == daemon), "{members:?}");
    spawned.child.signal_tree(TreeSignal::Force);
    within(spawned.child.exited()).await;
    assert!(!table::look(daemon).unwrap().zombie, "a signal to the group does not reach it");
    assert!(spawned.child.kill_all().await.is_empty());
    assert!(gone(daemon));
    spawned.child.reap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_child_leaves_neither_process_nor_zombie() {
    let spawned = start(sh("trap '' TERM; (setsid sh -c 'echo $$; exec sleep 1000' &); sleep 1000")).await;
    let daemon: u32 = within(read(&spawned.stdout, Some("\n"))).await.trim().parse().unwrap();
    let pid = spawned.child.pid();
    drop(spawned);
    assert!(reaped(pid) && gone(daemon));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_spawn_is_undone() {
    let spec = sh("exec sleep 1000");
    let mark = marker(spec.id);
    let (tell, begun) = std::sync::mpsc::channel();
    let task = tokio::spawn(spawn(SpawnClaim::default(), move || {
        tell.send(()).unwrap();
        Ok(spec)
    }));
    tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
    task.abort();
    let _ = task.await;
    // The next order is served afterwards: by then, this one was spawned and dropped, or never spawned.
    end(start(sh("true")).await).await;
    let deadline = Instant::now() + DEADLINE;
    while !marked_processes(&mark).is_empty() {
        assert!(Instant::now() < deadline);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn survivors_of_an_earlier_host_are_found_and_killed_by_their_mark() {
    let spec = sh("(setsid sh -c 'echo $$; exec sleep 1000' &)");
    let mark = marker(spec.id);
    let spawned = start(spec).await;
    let daemon: u32 = within(read(&spawned.stdout, Some("\n"))).await.trim().parse().unwrap();
    end(spawned).await;
    assert!(marked_processes(&mark).iter().any(|one| one.pid == daemon));
    let start_time = table::look(daemon).map(|process| process.start_time);
    assert!(is_same_process(daemon, start_time));
    assert!(!is_same_process(daemon, start_time.map(|time| time + 1)), "a recycled pid");
    assert!(!is_same_process(daemon, None));
    assert!(kill_marked(&mark).is_empty());
    assert!(gone(daemon));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_for_a_refusal_has_its_own_code() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str, mode| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        SpawnSpec { program: path, args: Vec::new(), ..sh("") }
    };
    let gone = SpawnSpec { program: dir.path().join("gone"), ..sh("") };
    let no_folder = SpawnSpec { working_dir: Some(dir.path().join("gone")), ..sh("") };
    let a_folder = SpawnSpec { program: dir.path().to_owned(), ..sh("") };
    let long = SpawnSpec { args: vec!["-c".into(), "x".repeat(128 * 1024).into()], ..sh("") };
    let cases = [
        (gone, FailureCode::ProgramNotFound, "does not exist"),
        (no_folder, FailureCode::WorkingDirNotFound, "working folder"),
        (a_folder, FailureCode::NotExecutable, "is a folder"),
        (long, FailureCode::ArgumentsTooLong, "argument 1 has 131073 bytes"),
        (file("plain", "echo", 0o644), FailureCode::NotExecutable, "chmod +x"),
        (file("text", "echo", 0o755), FailureCode::NotExecutable, "`#!` line"),
        (file("crlf", "#!/bin/sh\r\n", 0o755), FailureCode::NotExecutable, "Windows line ends"),
        (file("lost", "#!/no/such/sh\n", 0o755), FailureCode::NotExecutable, "/no/such/sh"),
    ];
    for (spec, code, words) in cases {
        let failure = within(refused(spec)).await;
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_still_being_written_is_retried_and_blocks_no_other() {
    use std::os::unix::fs::OpenOptionsExt;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("copy");
    std::fs::copy("/bin/true", &program).unwrap();
    let deadline = Instant::now() + DEADLINE;
    // The spawn is retried for half a second. If a loaded machine runs the other process too late, another
    // round follows.
    loop {
        let writer = std::fs::OpenOptions::new().append(true).mode(0o755).open(&program).unwrap();
        let spec = SpawnSpec { program: program.clone(), args: Vec::new(), ..sh("") };
        let busy = tokio::spawn(spawn(SpawnClaim::default(), move || Ok(spec)));
        end(start(sh("true")).await).await;
        let is_waiting = !busy.is_finished();
        drop(writer);
        if let Ok(spawned) = within(busy).await.unwrap()
            && is_waiting
        {
            assert_eq!(end(spawned).await.status, ExitKind::Code(0));
            return;
        }
        assert!(Instant::now() < deadline, "it holds others up, or is not tried again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_all_end() {
    let all: Vec<_> = (0..200)
        .map(|i| tokio::spawn(async move { end(start(sh(&format!("exit {}", i % 7))).await).await.status }))
        .collect();
    for (i, task) in all.into_iter().enumerate() {
        assert_eq!(within(task).await.unwrap(), ExitKind::Code(i32::try_from(i % 7).unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_keeps_changing_its_program_does_not_slip_away() {
    // The number only changes the environment. If this test fails, the loop ends with its process.
    let restless = "kill -0 $2 || exit; export N=$((${N:-0}+1)); exec \"$0\" -c \"$1\" \"$0\" \"$1\" $2";
    let starting = "(setsid \"$0\" -c \"$1\" \"$0\" \"$1\" $2 &); echo; exec sleep 1000";
    let mut spec = sh("");
    let args = ["-c", starting, "/bin/sh", restless, &std::process::id().to_string()];
    spec.args = args.map(Into::into).to_vec();
    let mark = marker(spec.id);
    let spawned = start(spec).await;
    within(read(&spawned.stdout, Some("\n"))).await;
    // The subshell that has started it is on its way out.
    let deadline = Instant::now() + DEADLINE;
    while marked_processes(&mark).len() > 2 {
        assert!(Instant::now() < deadline);
    }
    for _ in 0..50 {
        assert_eq!(marked_processes(&mark).len(), 2);
    }
    assert!(spawned.child.kill_all().await.is_empty());
    assert!(marked_processes(&mark).is_empty());
    end(spawned).await;
}
