//! Logs of the server: a line for each event, on standard error; and spans for a collector, where there is one.

use crate::traces::{Own, Spans};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// What the broker refuses is said by the backplane, in words that tell what to do, and not by its library as well.
const QUIET: &str = "lapin=off";

/// Begins to write logs: as JSON, or as lines for people.
pub(crate) fn begin(json: bool, level: &str, spans: Option<Spans>) {
    let logs = fmt::layer().with_writer(std::io::stderr);
    let logs = match json {
        true => logs.json().flatten_event(true).boxed(),
        false => logs.with_target(false).with_ansi(false).boxed(),
    };
    let spans = spans.map(|spans| spans.with_filter(Own));
    tracing_subscriber::registry()
        .with(logs.with_filter(EnvFilter::new(format!("{QUIET},{level}"))))
        .with(spans)
        .init();
}
