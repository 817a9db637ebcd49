//! Traces for whoever collects them by OpenTelemetry: calls of the gateway and tasks of the engine, as spans.
//!
//! Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them (OTLP over HTTP, protobuf). What belongs to a run
//! is one trace, whichever process does it: the trace's id follows from the run's. See
//! `docs/decisions/044-traces.md` for why this is not the crate of that name.

mod layer;
mod protobuf;
mod send;

pub(crate) use layer::{Own, Spans};
pub(crate) use send::Exporter;

use tokio::sync::mpsc;

/// Spans that wait to be sent; more than that are dropped and counted.
const WAITING: usize = 4_096;

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    name: &'static str,
    /// Whether it answers somebody outside.
    serves: bool,
    /// Nanoseconds since the Unix epoch.
    began: u64,
    ended: u64,
    attributes: Vec<(&'static str, Value)>,
    failed: bool,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
}

/// Takes spans on one side and sends them on the other.
pub(crate) fn begin(endpoint: &str, service: &str) -> Result<(Spans, Exporter), bus_core::Message> {
    let (sender, ended) = mpsc::channel(WAITING);
    let exporter = Exporter::new(endpoint, service, ended)?;
    Ok((Spans::new(sender), exporter))
}
