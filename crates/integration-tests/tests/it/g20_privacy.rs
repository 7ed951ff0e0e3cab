//! G20: nothing leaves the machine.

use std::process::Command;

use integration_tests::{Host, child, have};

#[test]
fn the_engine_opens_no_socket() {
    if !have("strace", &["-o", "/dev/null", "true"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=%network", "-o"]).arg(&trace);
    let line = "seq 10000; sleep 0.1 & echo done >&2; exit 1";
    let mut host = Host::from(command.arg(child()).arg("host").arg(dir.path().join("logs")).arg(line));
    assert_eq!(host.result()["exit_code"], 1);
    host.kill();
    let calls = std::fs::read_to_string(trace).unwrap();
    let calls: Vec<_> = calls.lines().filter(|line| !line.contains("+++") && !line.contains("---")).collect();
    assert!(calls.is_empty(), "{calls:#?}");
}
