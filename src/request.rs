//! The request as JavaScript sends it.

use std::collections::{BTreeMap, HashMap};

use execution_engine::{
    Command, EngineError, ExecutionMetadata, ExecutionRequest, InheritEnv, InvalidField,
    OversizedOutputStrategy, Stdin,
};
use napi_derive::napi;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use uuid::Uuid;

use crate::failure::unexpected_json;

/// The caller's own labels.
#[napi(object)]
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct NativeMetadata {
    pub source: Option<String>,
    pub conversation_id: Option<String>,
    pub tags: Option<HashMap<String, String>>,
}

/// One command and its conditions; names and defaults as in `ExecutionRequest` of the public API.
///
/// It crosses as JSON: one string costs a fraction of two dozen properties, each read by name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NativeRequest {
    id: Option<String>,
    command: Command,
    #[serde(default)]
    env: BTreeMap<String, Option<String>>,
    #[serde(default)]
    inherit_env: InheritEnv,
    working_dir: Option<String>,
    timeout_ms: Option<u64>,
    kill_grace_ms: Option<u64>,
    kill_signal: Option<String>,
    #[serde(default)]
    stdin: Stdin,
    max_output_size_bytes: Option<u64>,
    oversized_output: Option<OversizedOutputStrategy>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    raw_output: bool,
    /// Given: JavaScript makes the text of a handle's result from bytes.
    encoding: Option<IgnoredAny>,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    metadata: NativeMetadata,
}

/// Reads a request. `stdin`: the data of its standard input, if any; JSON would copy them twice.
pub fn request(json: &str, stdin: Option<Vec<u8>>) -> Result<ExecutionRequest, EngineError> {
    let mut native: NativeRequest =
        serde_json::from_str(json).map_err(|_| EngineError::InvalidRequest(unexpected_json("request")))?;
    if let Some(bytes) = stdin {
        native.stdin = Stdin::Bytes(bytes);
    }
    native.try_into().map_err(EngineError::InvalidRequest)
}

impl TryFrom<NativeRequest> for ExecutionRequest {
    type Error = InvalidField;

    fn try_from(native: NativeRequest) -> Result<Self, InvalidField> {
        let mut request = Self::new(native.command);
        request.id = native.id.map(|id| parse_id(&id)).transpose()?;
        request.env = native.env;
        request.inherit_env = native.inherit_env;
        request.working_dir = native.working_dir.map(Into::into);
        request.timeout_ms = native.timeout_ms;
        request.kill_grace_ms = native.kill_grace_ms;
        request.kill_signal = native.kill_signal;
        request.stdin = native.stdin;
        request.max_output_size_bytes = native.max_output_size_bytes;
        request.oversized_output = native.oversized_output;
        request.all = native.all;
        request.raw_output = native.raw_output || native.encoding.is_some();
        request.secrets = native.secrets;
        request.metadata = native.metadata.into();
        Ok(request)
    }
}

/// An execution's id, or why it is not one.
pub fn parse_id(id: &str) -> Result<Uuid, InvalidField> {
    id.parse().map_err(|_| InvalidField::new("id", format!("\"{id}\""), "allowed is a UUID"))
}

/// A value of an enumeration by its name.
pub fn named<T: serde::de::DeserializeOwned>(
    field: &str,
    name: Option<String>,
) -> Result<Option<T>, InvalidField> {
    name.map(|name| {
        serde_json::from_value(Value::from(name.as_str()))
            .map_err(|error| InvalidField::new(field, format!("\"{name}\""), error.to_string()))
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
