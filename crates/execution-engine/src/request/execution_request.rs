//! [`ExecutionRequest`]: what to run, where, and under which limits.

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use execution_log::ExecutionMetadata;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::checks::{check_env_name, no_nul, not_empty};
use super::command::Command;
use super::stdin::Stdin;
use crate::config::ExecutionConfig;
use crate::error::InvalidField;
use crate::limits::{
    MAX_KILL_GRACE_MS, MAX_OUTPUT_SIZE_BYTES, OversizedOutputStrategy, check_secrets, in_range,
};
use crate::setters::setters;
use crate::signal::KillSignal;

/// One command and the conditions it runs under. Only `command` is required.
///
/// ```
/// use execution_engine::ExecutionRequest;
///
/// let request = ExecutionRequest::exec("git", ["status", "--short"])
///     .working_dir("/srv/app")
///     .timeout_ms(5_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExecutionRequest {
    /// The execution's id. Default: a new UUID v7. An id that is in use is refused.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// What to run.
    pub command: Command,
    /// Merged over the inherited environment; `None` removes a variable.
    #[serde(default)]
    pub env: BTreeMap<String, Option<String>>,
    /// What the child inherits of the host's environment.
    #[serde(default)]
    pub inherit_env: InheritEnv,
    /// The working folder, which must exist. Default: the host's.
    #[serde(default)]
    pub working_dir: Option<PathBuf>,
    /// Timeout in milliseconds, counted from the start of the process. Default: the configuration's.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Time between the graceful signal and the kill, in milliseconds.
    #[serde(default)]
    pub kill_grace_ms: Option<u64>,
    /// The name of the graceful signal, such as `SIGINT`. Default: `SIGTERM`. With `SIGKILL` there is no
    /// grace period. Windows has only the default.
    #[serde(default)]
    pub kill_signal: Option<String>,
    /// The child's standard input.
    #[serde(default)]
    pub stdin: Stdin,
    /// How much of each stream memory keeps, in bytes.
    #[serde(default)]
    pub max_output_size_bytes: Option<u64>,
    /// What happens to output above that.
    #[serde(default)]
    pub oversized_output: Option<OversizedOutputStrategy>,
    /// Whether the result has both streams in one, in the order in which they were read.
    #[serde(default)]
    pub all: bool,
    /// Whether the result has the bytes of the output, besides its text.
    #[serde(default)]
    pub raw_output: bool,
    /// Masked as `***` in all output, in addition to the configuration's.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Copied to the log, the result and the summaries.
    #[serde(default)]
    pub metadata: ExecutionMetadata,
}

/// Chainable setters.
impl ExecutionRequest {
    setters! {
        id: Option<Uuid>,
        inherit_env: InheritEnv,
        timeout_ms: Option<u64>,
        kill_grace_ms: Option<u64>,
        stdin: Stdin,
        max_output_size_bytes: Option<u64>,
        oversized_output: Option<OversizedOutputStrategy>,
        all: bool,
        raw_output: bool,
        metadata: ExecutionMetadata,
    }

    /// Sets [`working_dir`](#structfield.working_dir).
    #[must_use]
    pub fn working_dir(mut self, working_dir: impl Into<PathBuf>) -> Self {
        self.working_dir = Some(working_dir.into());
        self
    }

    /// Sets [`kill_signal`](#structfield.kill_signal).
    #[must_use]
    pub fn kill_signal(mut self, name: impl Into<String>) -> Self {
        self.kill_signal = Some(name.into());
        self
    }

    /// Sets [`secrets`](#structfield.secrets).
    #[must_use]
    pub fn secrets<S: Into<String>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        self.secrets = secrets.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a variable of the child's [environment](#structfield.env).
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), Some(value.into()));
        self
    }

    /// Removes an inherited variable from the child's [environment](#structfield.env).
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<String>) -> Self {
        self.env.insert(name.into(), None);
        self
    }
}

impl ExecutionRequest {
    #[doc(hidden)] // For bindings, which read the environment only if there is a need to.
    /// Whether the child will have anything of its host's environment. (On Windows it always does.)
    #[must_use]
    pub fn inherits(&self) -> bool {
        cfg!(windows) || self.inherit_env != InheritEnv::All(false)
    }
}

/// What the child inherits of the host's environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum InheritEnv {
    /// Everything (`true`), or nothing (`false`).
    All(bool),
    /// Only the variables with these names.
    Only(Vec<String>),
}

impl Default for InheritEnv {
    fn default() -> Self {
        Self::All(true)
    }
}

impl ExecutionRequest {
    /// A request with every option at its default.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            id: None,
            command,
            env: BTreeMap::new(),
            inherit_env: InheritEnv::default(),
            working_dir: None,
            timeout_ms: None,
            kill_grace_ms: None,
            kill_signal: None,
            stdin: Stdin::default(),
            max_output_size_bytes: None,
            oversized_output: None,
            all: false,
            raw_output: false,
            secrets: Vec::new(),
            metadata: ExecutionMetadata::default(),
        }
    }

    /// A program and its arguments, verbatim.
    pub fn exec<A: Into<String>>(program: impl Into<String>, args: impl IntoIterator<Item = A>) -> Self {
        Self::new(Command::Exec { program: program.into(), args: args.into_iter().map(Into::into).collect() })
    }

    /// A command line for the default shell.
    pub fn shell(command: impl Into<String>) -> Self {
        Self::new(Command::Shell { command: command.into(), shell: None })
    }

    /// Checks everything that can be checked without touching the system.
    pub(crate) fn validate(&self, config: &ExecutionConfig) -> Result<(), InvalidField> {
        self.command.validate()?;
        for (name, value) in &self.env {
            check_env_name("env", name)?;
            if let Some(value) = value {
                no_nul(&format!("env.{name}"), value)?;
            }
        }
        if let InheritEnv::Only(names) = &self.inherit_env {
            names.iter().try_for_each(|name| check_env_name("inherit_env", name))?;
        }
        if let Some(dir) = &self.working_dir {
            no_nul("working_dir", &dir.to_string_lossy())?;
            not_empty("working_dir", &dir.to_string_lossy())?;
        }
        if let Some(ms) = self.timeout_ms {
            in_range("timeout_ms", ms, 1, config.max_timeout_ms)?;
        }
        if let Some(ms) = self.kill_grace_ms {
            in_range("kill_grace_ms", ms, 0, MAX_KILL_GRACE_MS)?;
        }
        if let Some(name) = &self.kill_signal {
            KillSignal::named(name)?;
        }
        if let Some(bytes) = self.max_output_size_bytes {
            in_range("max_output_size_bytes", bytes, 0, MAX_OUTPUT_SIZE_BYTES)?;
        }
        check_secrets(&self.secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(request: &ExecutionRequest) -> String {
        request.validate(&ExecutionConfig::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_nul_in_an_argument_names_the_argument() {
        let message = refusal(&ExecutionRequest::exec("echo", ["fine", "a\0b"]));
        assert!(message.contains("command.args[1]") && message.contains("byte 1"), "{message}");
    }

    #[test]
    fn an_empty_program_is_refused() {
        assert!(refusal(&ExecutionRequest::exec::<String>(" ", [])).contains("command.program"));
    }

    #[test]
    fn an_equals_sign_in_a_variable_name_is_refused() {
        let mut request = ExecutionRequest::shell("env");
        request.env.insert("A=B".into(), Some("c".into()));
        assert!(refusal(&request).contains("A=B"));
    }

    #[test]
    fn a_timeout_above_the_maximum_names_the_maximum() {
        let request = ExecutionRequest::shell("true").timeout_ms(600_001);
        assert!(refusal(&request).contains("600000"));
    }

    #[test]
    fn a_request_survives_json_with_only_a_command() {
        let request: ExecutionRequest =
            serde_json::from_str(r#"{"command":{"type":"exec","program":"git"}}"#).unwrap();
        assert_eq!(request, ExecutionRequest::exec::<String>("git", []));
        let shown = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ExecutionRequest>(&shown).unwrap(), request);
    }

    #[test]
    fn an_unknown_command_type_is_refused_with_the_known_ones() {
        let error = serde_json::from_str::<ExecutionRequest>(r#"{"command":{"type":"magic"}}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("magic") && error.contains("aws_cli"), "{error}");
    }
}
