//! The process's only `tracing` subscriber: turns each event into an entry with the fields of its execution.

use std::sync::Once;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use super::entry::Fields;
use super::sinks;

/// The prefix of the crates that are logged.
const TARGETS: &str = "execution_";

struct Entries;

static INSTALL: Once = Once::new();

/// Installs it, at the first call.
pub fn install() {
    INSTALL.call_once(|| {
        // The addon has its own copy of `tracing`, so nothing else installs a subscriber in it.
        let _ = Registry::default().with(Entries).try_init();
    });
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Entries {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with(TARGETS) && *metadata.level() <= sinks::max_level()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(sinks::max_level())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        sinks::dispatch(level, || {
            let mut fields = Fields::default();
            for span in context.event_scope(event).into_iter().flatten() {
                if let Some(of_span) = span.extensions().get() {
                    fields.add(of_span);
                }
            }
            event.record(&mut fields);
            fields.into_entry(level, target)
        });
    }
}
