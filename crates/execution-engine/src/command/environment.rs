//! The child's whole environment.

use std::env;
use std::ffi::{OsStr, OsString};

use uuid::Uuid;

use super::aws_cli;
use crate::process::EXECUTION_ID_VAR;
use crate::request::{ExecutionRequest, InheritEnv};

/// Inherited, then the request's, then what the command needs, then the execution's mark. Later wins.
pub(super) fn build(request: &ExecutionRequest, id: Uuid) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = match &request.inherit_env {
        InheritEnv::All(true) => env::vars_os().collect(),
        InheritEnv::All(false) => Vec::new(),
        InheritEnv::Only(names) => env::vars_os()
            .filter(|(name, _)| names.iter().any(|wanted| same_name(name, OsStr::new(wanted))))
            .collect(),
    };
    env.retain(|(name, _)| {
        !aws_cli::not_inherited(&request.command).iter().any(|key| same_name(name, OsStr::new(key)))
    });
    for (name, value) in &request.env {
        set(&mut env, name, value.as_deref());
    }
    for (name, value) in aws_cli::variables(&request.command) {
        set(&mut env, name, Some(value));
    }
    set(&mut env, EXECUTION_ID_VAR, Some(&id.to_string()));
    env
}

/// Where the child would look for programs.
pub(super) fn path(env: &[(OsString, OsString)]) -> Option<&OsStr> {
    env.iter().find(|(name, _)| same_name(name, OsStr::new("PATH"))).map(|(_, value)| value.as_os_str())
}

fn set(env: &mut Vec<(OsString, OsString)>, name: &str, value: Option<&str>) {
    env.retain(|(known, _)| !same_name(known, OsStr::new(name)));
    if let Some(value) = value {
        env.push((name.into(), value.into()));
    }
}

/// `Path` and `PATH` are one variable on Windows, and two elsewhere.
fn same_name(a: &OsStr, b: &OsStr) -> bool {
    if cfg!(windows) { a.eq_ignore_ascii_case(b) } else { a == b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(request: &ExecutionRequest) -> Vec<String> {
        build(request, Uuid::nil()).into_iter().map(|(name, _)| name.into_string().unwrap()).collect()
    }

    #[test]
    fn nothing_inherited_leaves_only_the_mark() {
        let request =
            ExecutionRequest { inherit_env: InheritEnv::All(false), ..ExecutionRequest::shell("env") };
        assert_eq!(names(&request), [EXECUTION_ID_VAR]);
    }

    #[test]
    fn a_list_inherits_only_what_it_names() {
        let only = InheritEnv::Only(vec!["PATH".into(), "NOT_SET_ANYWHERE".into()]);
        let request = ExecutionRequest { inherit_env: only, ..ExecutionRequest::shell("env") };
        assert_eq!(names(&request), ["PATH", EXECUTION_ID_VAR]);
    }

    #[test]
    fn null_removes_and_a_value_replaces() {
        let mut request = ExecutionRequest::shell("env");
        request.env.insert("HOME".into(), None);
        request.env.insert("PATH".into(), Some("/only".into()));
        assert!(!names(&request).contains(&"HOME".to_owned()));
        assert_eq!(path(&build(&request, Uuid::nil())), Some(OsStr::new("/only")));
    }
}
