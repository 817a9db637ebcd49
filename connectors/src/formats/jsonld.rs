//! JSON-LD 1.1: records with their context.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, FormatError, Limits},
    kit::{
        json::{self, RecordWriter},
        jsonld::{self, Document},
        senml,
    },
};
use bus_core::{
    loss::{Loss, LossReport},
    record::{Batch, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;

pub(crate) static FORMAT: Format = Format::new("jsonld")
    .with_extensions(&["jsonld"])
    .with_media_types(&["application/ld+json"])
    .sniffed_by(jsonld::looks_like);

/// # JSON-LD
///
/// Records as nodes of a graph, with the context that says what their fields mean. Contexts on the web are
/// not fetched.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Base
    ///
    /// The absolute IRI that relative ones start from, as a rule the address of the document.
    #[schemars(extend("examples" = ["https://example.org/data/"]))]
    base: Option<String>,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Document::new(self.base.clone(), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::default()))
    }
}

/// Writes one document: the context of the first batch, then all nodes in `@graph`.
#[derive(Default)]
struct Writer {
    /// The context at the head of the document, once it is written.
    head: Option<Arc<Json>>,
    records: RecordWriter,
    nodes: u64,
    /// Knows what the context says of the fields.
    meanings: jsonld::Emitter,
}

impl Writer {
    fn start(&mut self, context: Option<&Arc<Json>>, out: &mut Vec<u8>) -> Arc<Json> {
        if let Some(head) = &self.head {
            return Arc::clone(head);
        }
        let context = context.map_or_else(|| Arc::new(Json::Object(serde_json::Map::new())), Arc::clone);
        out.extend_from_slice(b"{\n\"@context\": ");
        out.extend_from_slice(context.to_string().as_bytes());
        out.extend_from_slice(b",\n\"@graph\": [");
        self.head = Some(Arc::clone(&context));
        context
    }

    /// Writes a node that has another context than the document.
    fn foreign(&mut self, record: Value<'_>, context: &Json, out: &mut Vec<u8>) {
        let start = out.len();
        json::write(record, out);
        let body = out.split_off(start);
        out.extend_from_slice(b"{\"@context\":");
        // the terms of the head must not shine through
        out.extend_from_slice(Json::Array(vec![Json::Null, context.clone()]).to_string().as_bytes());
        let body = body.strip_prefix(b"{").unwrap_or(&body);
        if !body.starts_with(b"}") {
            out.push(b',');
        }
        out.extend_from_slice(body);
    }
}

/// Writes a SenML record as what it is.
fn typed(record: Value<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    json::write(record, out);
    let body = out.split_off(start);
    out.extend_from_slice(b"{\"@type\":\"");
    out.extend_from_slice(senml::OBSERVATION.as_bytes());
    out.extend_from_slice(b"\",");
    out.extend_from_slice(body.strip_prefix(b"{").unwrap_or(&body));
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        let head = self.start(batch.context(), out);
        let foreign = batch.context().filter(|context| !Arc::ptr_eq(context, &head) && ***context != *head);
        // without a context the fields mean nothing, and nothing is lost of that
        let meaningful = batch.context().is_some() && self.meanings.enter(batch).is_ok();
        let exact = if meaningful { self.meanings.with_decimals(batch) } else { None };
        let observations = batch.context().is_some_and(|context| senml::is_senml(context));
        for record in exact.as_ref().unwrap_or(batch).records() {
            let Value::Object(object) = record else {
                losses.note("", Loss::Dropped, "a record that is no object has no form in RDF");
                continue;
            };
            out.extend_from_slice(if self.nodes > 0 { b",\n" } else { b"\n" });
            self.nodes += 1;
            let observation = observations && object.get("@type").is_none();
            match foreign {
                Some(context) => self.foreign(record, context, out),
                None if observation => typed(record, out),
                None => self.records.write(record, out),
            }
        }
        json::note_losses(batch, losses);
        if meaningful {
            self.meanings.note_untyped(batch, losses);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        self.start(None, out);
        out.extend_from_slice(b"\n]\n}\n");
        Ok(())
    }
}
