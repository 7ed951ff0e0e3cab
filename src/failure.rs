//! Errors cross as data; one function in TypeScript creates the class.

use execution_engine::{EngineError, InvalidField};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

/// Why a call was refused.
#[napi(object, object_from_js = false)]
pub struct NativeFailure {
    /// Marks a failure among other return values.
    #[napi(ts_type = "true")]
    pub is_failure: bool,
    /// The stable code.
    pub code: String,
    /// What happened and how to fix it.
    pub message: String,
    /// The refused field, as written in JavaScript.
    pub field: Option<String>,
    /// Its value.
    pub value: Option<String>,
    /// What would have been accepted.
    pub allowed: Option<String>,
}

/// JSON that TypeScript did not write. serde's own message would show the value, which may be a secret.
pub fn unexpected_json(field: &str) -> InvalidField {
    InvalidField::new(field, "not as expected", "this is a bug in the engine; please report it")
}

/// Either side of a result, for JavaScript.
pub fn answer<T, E: Into<NativeFailure>>(result: Result<T, E>) -> Either<NativeFailure, T> {
    match result {
        Ok(value) => Either::B(value),
        Err(error) => Either::A(error.into()),
    }
}

impl From<EngineError> for NativeFailure {
    fn from(error: EngineError) -> Self {
        let code = error.code().to_owned();
        let (message, invalid) = match error {
            EngineError::InvalidConfig(invalid) => ("invalid configuration", Some(invalid)),
            EngineError::InvalidRequest(invalid) => ("invalid request", Some(invalid)),
            other => {
                return Self {
                    is_failure: true,
                    code,
                    message: other.to_string(),
                    field: None,
                    value: None,
                    allowed: None,
                };
            }
        };
        let invalid = invalid.map(|mut invalid| {
            invalid.field = camel_case(&invalid.field);
            invalid
        });
        Self {
            is_failure: true,
            code,
            message: invalid.as_ref().map_or_else(String::new, |invalid| format!("{message}: {invalid}")),
            field: invalid.as_ref().map(|invalid| invalid.field.clone()),
            value: invalid.as_ref().map(|invalid| invalid.value.clone()),
            allowed: invalid.map(|invalid| invalid.allowed),
        }
    }
}

/// `max_timeout_ms` → `maxTimeoutMs`; the names of variables in `env.…` stay as they are.
pub fn camel_case(field: &str) -> String {
    if field.starts_with("env.") {
        return field.to_owned();
    }
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &capital.into_iter().chain(letters).collect::<String>()
    })
}
