//! The environment, read here and nowhere else.

use std::{env, fs};

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

/// The setting `SEMANTIC_BUS_<name>`; or what stands in the file that `SEMANTIC_BUS_<name>_FILE` names, where secrets
/// come as files.
pub(crate) fn of(name: &str) -> Option<String> {
    let from_file = || {
        let text = fs::read_to_string(read(&format!("{}_FILE", named(name)))?).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    read(&named(name)).or_else(from_file)
}

/// What a setting is called in the environment.
pub(crate) fn named(name: &str) -> String {
    format!("SEMANTIC_BUS_{name}")
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn read(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
