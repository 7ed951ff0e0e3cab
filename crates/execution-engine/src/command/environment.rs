//! The child's whole environment: what it inherits, and what the request changes.
//!
//! 1. Start from the host's environment, from nothing, or from the names the request lists.
//! 2. Merge the request's variables over it; one without a value removes.
//! 3. On Windows, names are case-insensitive, and a few variables without which programs do not even load are
//!    kept unless the request removes them (libuv keeps the same).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::host_context::HostEnvironment;
use crate::process::EXECUTION_ID_VAR;
use crate::request::InheritEnv;

#[derive(Debug, Default, Clone)]
pub(super) struct Environment(BTreeMap<Name, (OsString, OsString)>);

/// A name as the system compares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name(OsString);

impl Name {
    fn new(name: &OsStr) -> Self {
        Self(if cfg!(windows) { name.to_ascii_uppercase() } else { name.to_owned() })
    }
}

impl Environment {
    pub(super) fn inherited(host: &HostEnvironment, rule: &InheritEnv) -> Self {
        const ALWAYS_ON_WINDOWS: [&str; 3] = ["SYSTEMROOT", "SYSTEMDRIVE", "WINDIR"];
        let needed = |name: &Name| cfg!(windows) && ALWAYS_ON_WINDOWS.iter().any(|always| name.0 == *always);
        let listed: Vec<Name> = match rule {
            InheritEnv::Only(names) => names.iter().map(|name| Name::new(name.as_ref())).collect(),
            InheritEnv::All(_) => Vec::new(),
        };
        let mut env = Self::default();
        for (name, value) in host.variables() {
            let key = Name::new(name);
            // A host that itself runs inside an execution must not pass its own mark on.
            let taken = *rule == InheritEnv::All(true) || listed.contains(&key) || needed(&key);
            if taken && name != EXECUTION_ID_VAR {
                // If two entries share a name, the first counts, as in the host itself.
                env.0.entry(key).or_insert_with(|| (name.clone(), value.clone()));
            }
        }
        env
    }

    pub(super) fn apply(&mut self, changes: &BTreeMap<String, Option<String>>) {
        for (name, value) in changes {
            match value {
                Some(value) => self.set(name, value),
                None => self.remove(name),
            }
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(Name::new(name.as_ref()), (name.into(), value.into()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(&Name::new(name.as_ref()));
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(&Name::new(name.as_ref())).map(|(_, value)| value.as_os_str())
    }

    pub(super) fn into_vec(self) -> Vec<(OsString, OsString)> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inherited(rule: &InheritEnv) -> Environment {
        let host = [("HOME", "/h"), ("TOKEN", "t"), (EXECUTION_ID_VAR, "outer"), ("TOKEN", "second")];
        Environment::inherited(&HostEnvironment::new(host), rule)
    }

    fn names(env: Environment) -> Vec<String> {
        env.into_vec().into_iter().map(|(name, _)| name.into_string().unwrap()).collect()
    }

    #[test]
    fn everything_nothing_or_a_list_is_inherited() {
        assert_eq!(names(inherited(&InheritEnv::All(true))), ["HOME", "TOKEN"]);
        assert!(names(inherited(&InheritEnv::All(false))).is_empty());
        let only = InheritEnv::Only(vec!["HOME".into(), "MISSING".into()]);
        assert_eq!(names(inherited(&only)), ["HOME"]);
    }

    #[test]
    fn of_two_variables_with_one_name_the_first_counts() {
        assert_eq!(inherited(&InheritEnv::All(true)).get("TOKEN"), Some(OsStr::new("t")));
    }

    #[test]
    fn a_variable_without_a_value_is_removed_and_an_empty_one_is_kept() {
        let mut env = inherited(&InheritEnv::All(true));
        env.apply(&BTreeMap::from([
            ("HOME".into(), None),
            ("TOKEN".into(), Some(String::new())),
            ("NEW".into(), Some("n".into())),
        ]));
        assert_eq!(env.get("TOKEN"), Some(OsStr::new("")));
        assert_eq!(names(env), ["NEW", "TOKEN"]);
    }
}
