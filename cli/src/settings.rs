//! The environment, read here and nowhere else.

use std::env;

/// The locale of the person, as the environment says: `LC_ALL`, `LC_MESSAGES`, `LANG`, first come first
/// served; empty if it says nothing.
pub(crate) fn locale() -> String {
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(read).unwrap_or_default()
}

/// Where traces are sent, and the name they are sent under, where somebody collects them.
pub(crate) fn traces() -> Option<(String, String)> {
    let service = read("OTEL_SERVICE_NAME").unwrap_or_else(|| "semantic-bus".to_owned());
    Some((read("OTEL_EXPORTER_OTLP_ENDPOINT")?, service))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn read(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
