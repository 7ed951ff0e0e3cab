//! The request as JavaScript gives it.

use std::collections::{BTreeMap, HashMap};

use execution_engine::{
    Command, EngineError, ExecutionMetadata, ExecutionRequest, InheritEnv, InvalidField, Stdin,
};
use napi::bindgen_prelude::{Buffer, Either, Null};
use napi_derive::napi;
use serde_json::Value;
use uuid::Uuid;

use crate::number::optional;

/// What to run; which fields count depends on `type`.
#[napi(object, object_to_js = false)]
pub struct NativeCommand {
    pub r#type: String,
    pub program: Option<String>,
    pub args: Option<Vec<String>>,
    pub command: Option<String>,
    pub shell: Option<String>,
    pub path: Option<String>,
    pub interpreter: Option<String>,
    pub service: Option<String>,
    pub operation: Option<String>,
    pub profile: Option<String>,
    pub region: Option<String>,
}

/// What the caller wants to find again.
#[napi(object)]
pub struct NativeMetadata {
    pub source: Option<String>,
    pub conversation_id: Option<String>,
    pub tags: Option<HashMap<String, String>>,
}

/// One command and its conditions; names and defaults as in `ExecutionRequest` of the public API.
#[napi(object, object_to_js = false)]
pub struct NativeRequest {
    pub id: Option<String>,
    pub command: NativeCommand,
    pub env: Option<HashMap<String, Either<String, Null>>>,
    pub inherit_env: Option<Either<bool, Vec<String>>>,
    pub working_dir: Option<String>,
    pub timeout_ms: Option<f64>,
    pub kill_grace_ms: Option<f64>,
    pub stdin_bytes: Option<Buffer>,
    pub stdin_pipe: Option<bool>,
    pub max_output_size_bytes: Option<f64>,
    pub oversized_output: Option<String>,
    pub secrets: Option<Vec<String>>,
    pub metadata: Option<NativeMetadata>,
}

impl TryFrom<NativeRequest> for ExecutionRequest {
    type Error = EngineError;

    fn try_from(native: NativeRequest) -> Result<Self, EngineError> {
        let command = command(native.command)?;
        let stdin = match (native.stdin_bytes, native.stdin_pipe) {
            (Some(bytes), _) => Stdin::Bytes(bytes.to_vec()),
            (None, Some(true)) => Stdin::Pipe,
            (None, _) => Stdin::Null,
        };
        let convert = || {
            Ok(Self {
                id: native.id.map(|id| parse_id(&id)).transpose()?,
                env: native.env.unwrap_or_default().into_iter().map(variable).collect(),
                inherit_env: match native.inherit_env {
                    None => InheritEnv::default(),
                    Some(Either::A(all)) => InheritEnv::All(all),
                    Some(Either::B(names)) => InheritEnv::Only(names),
                },
                working_dir: native.working_dir.map(Into::into),
                timeout_ms: optional("timeout_ms", native.timeout_ms)?,
                kill_grace_ms: optional("kill_grace_ms", native.kill_grace_ms)?,
                stdin,
                max_output_size_bytes: optional("max_output_size_bytes", native.max_output_size_bytes)?,
                oversized_output: named("oversized_output", native.oversized_output)?,
                secrets: native.secrets.unwrap_or_default(),
                metadata: native.metadata.map(ExecutionMetadata::from).unwrap_or_default(),
                ..Self::new(command)
            })
        };
        convert().map_err(EngineError::InvalidRequest)
    }
}

/// By way of the engine's own names, so that an unknown one is refused with those that are known.
fn command(native: NativeCommand) -> Result<Command, EngineError> {
    let fields = [
        ("type", Some(Value::from(native.r#type.clone()))),
        ("program", native.program.map(Value::from)),
        ("args", native.args.map(Value::from)),
        ("command", native.command.map(Value::from)),
        ("shell", native.shell.map(Value::from)),
        ("path", native.path.map(Value::from)),
        ("interpreter", native.interpreter.map(Value::from)),
        ("service", native.service.map(Value::from)),
        ("operation", native.operation.map(Value::from)),
        ("profile", native.profile.map(Value::from)),
        ("region", native.region.map(Value::from)),
    ];
    let object = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        EngineError::InvalidRequest(InvalidField::new(
            "command",
            format!("of type \"{}\"", native.r#type),
            error.to_string(),
        ))
    })
}

fn variable((name, value): (String, Either<String, Null>)) -> (String, Option<String>) {
    match value {
        Either::A(value) => (name, Some(value)),
        Either::B(Null) => (name, None),
    }
}

/// An execution's id, or why it is none.
pub fn parse_id(id: &str) -> Result<Uuid, InvalidField> {
    id.parse().map_err(|_| InvalidField::new("id", format!("\"{id}\""), "allowed is a UUID"))
}

/// A value of an enumeration by its name.
pub fn named<T: serde::de::DeserializeOwned>(
    field: &str,
    name: Option<String>,
) -> Result<Option<T>, InvalidField> {
    name.map(|name| {
        let refused = InvalidField::new(field, format!("\"{name}\""), "");
        serde_json::from_value(Value::from(name))
            .map_err(|error| InvalidField { allowed: error.to_string(), ..refused })
    })
    .transpose()
}

impl From<NativeMetadata> for ExecutionMetadata {
    fn from(native: NativeMetadata) -> Self {
        let tags: BTreeMap<_, _> = native.tags.unwrap_or_default().into_iter().collect();
        Self { source: native.source, conversation_id: native.conversation_id, tags }
    }
}

impl From<&ExecutionMetadata> for NativeMetadata {
    fn from(metadata: &ExecutionMetadata) -> Self {
        let tags: HashMap<_, _> = metadata.tags.clone().into_iter().collect();
        Self {
            source: metadata.source.clone(),
            conversation_id: metadata.conversation_id.clone(),
            tags: Some(tags).filter(|tags| !tags.is_empty()),
        }
    }
}
