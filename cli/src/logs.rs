//! Logs of the server: a line for each event, on standard error.

use tracing_subscriber::{EnvFilter, fmt};

/// Begins to write logs: as JSON, or as lines for people.
pub(crate) fn begin(json: bool, level: &str) {
    let filter = EnvFilter::new(level);
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        logs.json().flatten_event(true).init();
    } else {
        logs.with_target(false).with_ansi(false).init();
    }
}
