use super::{Ended, Value};
use connectors::contract::Clock;
use sha2::{Digest, Sha256};
use std::fmt::Debug;
use tokio::sync::mpsc;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, Filter},
    registry::LookupSpan,
};
use workers::SystemClock;

/// Makes spans of what the crates of the bus trace.
pub(crate) struct Spans {
    ended: mpsc::Sender<Ended>,
}

/// The crates whose spans are sent: those of libraries say nothing about the bus.
const OWN: [&str; 3] = ["gateway", "workers", "semantic_bus"];

/// Lets through what is sent.
pub(crate) struct Own;

impl<S> Filter<S> for Own {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        let of = metadata.target().split("::").next().unwrap_or_default();
        OWN.contains(&of) && *metadata.level() <= Level::INFO
    }
}

impl Spans {
    pub(super) const fn new(ended: mpsc::Sender<Ended>) -> Self {
        Self { ended }
    }
}

/// Nanoseconds since the Unix epoch.
fn now() -> u64 {
    SystemClock.now().micros().unsigned_abs() * 1_000
}

/// The id of the trace of everything that belongs to a run.
fn trace_of(run: &str) -> [u8; 16] {
    let hash = Sha256::digest(run.as_bytes());
    hash.first_chunk().copied().unwrap_or_default()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // where the system has no randomness, a span without a name of its own is the smallest trouble
    let _filled = getrandom::fill(&mut bytes);
    bytes
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut written = Written::default();
        attributes.record(&mut written);
        let above = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            extensions.get::<Ended>().map(|known| (known.trace, known.id))
        });
        let trace = match (above, written.run()) {
            (Some((trace, _)), _) => trace,
            (None, Some(run)) => trace_of(run),
            (None, None) => random(),
        };
        span.extensions_mut().insert(Ended {
            trace,
            id: random(),
            parent: above.map(|(_, id)| id),
            name: span.name(),
            serves: span.name() == "call",
            began: now(),
            ended: 0,
            attributes: written.0,
            failed: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(known) = extensions.get_mut::<Ended>() else { return };
        let mut written = Written::default();
        values.record(&mut written);
        known.attributes.append(&mut written.0);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        if let Some(span) = context.event_span(event)
            && let Some(known) = span.extensions_mut().get_mut::<Ended>()
        {
            known.failed = true;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(mut ended) = span.extensions_mut().remove::<Ended>() else { return };
        ended.ended = now();
        // more than can be sent is dropped: the bus does not wait for whoever watches it
        let _dropped = self.ended.try_send(ended);
    }
}

/// The fields of a span.
#[derive(Default)]
struct Written(Vec<(&'static str, Value)>);

impl Written {
    fn run(&self) -> Option<&str> {
        self.0.iter().find_map(|(name, value)| match value {
            Value::Text(run) if *name == "run" => Some(run.as_str()),
            Value::Text(_) | Value::Int(_) => None,
        })
    }
}

impl Visit for Written {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), Value::Int(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), Value::Int(i64::try_from(value).unwrap_or(i64::MAX))));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), Value::Text(value.to_owned())));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), Value::Text(format!("{value:?}"))));
    }
}
