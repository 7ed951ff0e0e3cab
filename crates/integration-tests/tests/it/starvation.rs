//! A host that may have no more descriptors, or processes: a clear code, nothing leaked, and on it goes.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use integration_tests::{Host, child, have};

/// Runs a line in a host whose limit allows no more, then one in which it does again. `as_user` begins
/// the command that sets the limits from outside: a limit is set by the one it is for.
fn starved(mut host: Host, as_user: &[&str], tight: &str, loose: &str) {
    let pid = host.pid().to_string();
    let set_limit = |limit: &str| {
        let command = [as_user, &["prlimit", "--pid", &pid, limit]].concat();
        assert!(Command::new(command[0]).args(&command[1..]).status().unwrap().success());
    };
    assert_eq!(host.result()["status"], "completed");
    set_limit(tight);
    host.next();
    let refused = host.result();
    assert_eq!(refused["error"]["code"], "RESOURCE_EXHAUSTED", "{refused}");
    set_limit(loose);
    host.next();
    assert_eq!(host.result()["status"], "completed");
}

const THREE: [&str; 3] = ["true", "true", "true"];

#[test]
fn without_descriptors_the_reason_is_reported_and_later_executions_run() {
    if !have("prlimit", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let host = Host::from(Command::new(child()).arg("host").arg(dir.path().join("logs")).args(THREE));
    // Only the soft limit, which can be raised again.
    starved(host, &[], "--nofile=4:", "--nofile=1024:");
}

/// Root has no limit on processes: the host is another user.
#[test]
fn without_processes_the_reason_is_reported_and_later_executions_run() {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    if !have(nobody[0], &[&nobody[1..], &["true"]].concat()) || !have("prlimit", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // The build's folder may be root's alone.
    let program = dir.path().join("test-child");
    std::fs::copy(child(), &program).unwrap();
    for path in [dir.path(), &program] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let mut command = Command::new(nobody[0]);
    command.args(&nobody[1..]).arg(&program).arg("host").arg(dir.path().join("logs")).args(THREE);
    starved(Host::from(&mut command), &nobody, "--nproc=1:", "--nproc=1000:");
}
