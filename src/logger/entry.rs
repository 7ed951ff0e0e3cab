//! An entry: something that happened in the engine, as JSON.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Level;
use tracing::field::{Field, Visit};

/// An entry that says how many were dropped.
pub fn dropped(count: u64) -> Arc<str> {
    let fields = Map::from_iter([("count".to_owned(), count.into())]);
    Entry::new(Level::WARN, env!("CARGO_CRATE_NAME"), "log entries were dropped".into(), fields, None)
        .to_json()
}

/// `LogEntry` in `lib/logger.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    timestamp: String,
    level: &'static str,
    target: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_id: Option<String>,
    fields: Map<String, Value>,
}

impl<'a> Entry<'a> {
    fn new(
        level: Level,
        target: &'a str,
        message: String,
        fields: Map<String, Value>,
        execution_id: Option<String>,
    ) -> Self {
        let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        // Modules may move; the crate stays.
        let target = target.split("::").next().unwrap_or_default();
        Self { timestamp, level: name(level), target, message, execution_id, fields }
    }

    fn to_json(&self) -> Arc<str> {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

const fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The fields of a span or an event.
#[derive(Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Adds the fields of the event's span.
    pub fn add(&mut self, of_span: &Self) {
        self.0.extend(of_span.0.clone());
    }

    /// The entry of an event with these fields.
    pub fn into_entry(mut self, level: Level, target: &str) -> Arc<str> {
        let message = self.take("message").unwrap_or_default();
        let execution_id = self.take("id");
        Entry::new(level, target, message, self.0, execution_id).to_json()
    }

    fn take(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.insert(field, value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }
}
