//! The configuration as JavaScript sends it: JSON with camelCase names. Defaults and ranges are the engine's.

use execution_engine::{EngineError, ExecutionConfig};
use serde_json::{Map, Value};

use crate::failure::{camel_case, unexpected_json};

/// Reads a configuration. TypeScript has checked names and types already.
pub fn from_json(json: &str) -> Result<ExecutionConfig, EngineError> {
    let read = || {
        let given: Map<String, Value> = serde_json::from_str(json)?;
        serde_json::from_value(given.into_iter().map(|(name, value)| (snake_case(&name), value)).collect())
    };
    read().map_err(|_: serde_json::Error| EngineError::InvalidConfig(unexpected_json("config")))
}

/// Writes the configuration in force, without its secrets.
pub fn to_json(config: &ExecutionConfig) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(config) else { return "{}".to_owned() };
    let shown = fields.into_iter().filter(|(name, _)| name != "secrets");
    shown.map(|(name, value)| (camel_case(&name), value)).collect::<Value>().to_string()
}

/// `maxTimeoutMs` → `max_timeout_ms`.
fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        snake
    })
}
