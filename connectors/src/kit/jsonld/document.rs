use super::{
    compile::compile,
    full::joined,
    terms::{Coercion, Definition},
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::{
        json::{self, ItemPath, Items},
        rdf::names,
    },
};
use bus_core::{
    error::Reject,
    msg,
    record::{Batch, BatchBuilder, Value},
};
use rustc_hash::FxHashSet;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Reads JSON-LD documents: the nodes of a list, of `@graph`, or the one node, with their context.
///
/// A short document is read whole. A long one is read node by node if it is a list, or if nothing but the
/// context stands before its `@graph`.
pub(crate) struct Document {
    limits: Limits,
    base: Option<String>,
    state: State,
    scratch: BatchBuilder,
    context: Arc<Json>,
    writing: Writing,
}

enum State {
    /// Not known yet how to read it.
    Start(Vec<u8>),
    /// Node by node; with whether they stand in the `@graph` of the context's document.
    Streaming(Box<Items>, bool),
}

/// Documents up to this size are read whole, whatever the order of their parts.
const SHORT: usize = 1 << 20;

/// How a long document can be read.
enum Form {
    /// More bytes are needed to know.
    Unknown,
    List,
    Graph(Json),
    Whole,
}

impl Document {
    pub(crate) fn new(base: Option<String>, limits: &Limits) -> Self {
        let context = Arc::new(with_base(base.as_deref(), json!({})));
        Self {
            limits: limits.clone(),
            base,
            state: State::Start(Vec::new()),
            scratch: BatchBuilder::new(),
            context,
            writing: Writing::default(),
        }
    }

    /// Goes on node by node if that can be done.
    fn settle(&mut self) -> Result<(), FormatError> {
        let State::Start(bytes) = &mut self.state else { return Ok(()) };
        if bytes.len() < SHORT {
            return Ok(());
        }
        let (path, in_graph) = match form(bytes) {
            Form::List => (ItemPath::default(), false),
            Form::Graph(context) => {
                self.context = Arc::new(with_base(self.base.as_deref(), context));
                (graph_path()?, true)
            }
            Form::Unknown | Form::Whole if bytes.len() > self.limits.document_bytes => {
                let limit = self.limits.document_bytes;
                return Err(FormatError::new(msg!(
                    "a JSON-LD document longer than {limit} bytes (limit `document_bytes`) must be a list, or have its `@context` before its `@graph` and nothing else",
                    limit = limit
                )));
            }
            Form::Unknown | Form::Whole => return Ok(()),
        };
        let mut items = Box::new(Items::new(path, &self.limits));
        items.push(bytes);
        self.state = State::Streaming(items, in_graph);
        Ok(())
    }

    fn items(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        loop {
            let State::Streaming(items, in_graph) = &mut self.state else { return Ok(()) };
            let Some(item) = items.next()? else { return Ok(()) };
            match json::parse(item.text, &mut self.scratch, &self.limits) {
                Ok(()) => {
                    let in_graph = *in_graph;
                    let batch = self.scratch.take();
                    match batch.record(0) {
                        node @ Value::Object(_) if in_graph => {
                            self.writing.node(node, &self.context, true, out);
                        }
                        node => self.nodes(node, out),
                    }
                }
                Err(error) => {
                    let error = item.locate(error);
                    self.scratch.abandon();
                    out.reject(None, Reject::new(error.message).at(error.line, error.column));
                }
            }
        }
    }

    /// Writes a node, or those of a list.
    fn nodes(&mut self, value: Value<'_>, out: &mut Decoded) {
        match value {
            Value::List(list) => list.iter().for_each(|item| self.nodes(item, out)),
            Value::Object(object) => match object.get("@context") {
                Some(context) => {
                    let own = with_base(self.base.as_deref(), context.to_json());
                    self.writing.node(value, &Arc::new(own), false, out);
                }
                None => self.writing.node(value, &self.context, false, out),
            },
            _ => out.reject(None, Reject::new(msg!("a node is an object"))),
        }
    }

    fn whole(&mut self, batch: &Batch, out: &mut Decoded) -> Result<(), FormatError> {
        let record = batch.record(0);
        let Value::Object(object) = record else {
            if record.as_list().is_none() {
                return Err(FormatError::new(msg!("a JSON-LD document is an object or a list")));
            }
            self.nodes(record, out);
            return Ok(());
        };
        match (object.get("@graph"), object.get("@context")) {
            (Some(graph), context)
                if object.iter().all(|(key, _)| matches!(&**key, "@graph" | "@context")) =>
            {
                if let Some(context) = context {
                    self.context = Arc::new(with_base(self.base.as_deref(), context.to_json()));
                }
                // a node of the graph may have a context of its own, which comes after this one: it stays
                match graph {
                    Value::List(list) => {
                        list.iter().for_each(|node| self.writing.node(node, &self.context, true, out));
                    }
                    node => self.writing.node(node, &self.context, true, out),
                }
            }
            _ => self.nodes(record, out),
        }
        Ok(())
    }
}

impl Decoder for Document {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        match &mut self.state {
            State::Start(start) => {
                start.extend_from_slice(bytes);
                self.settle()?;
            }
            State::Streaming(items, _) => items.push(bytes),
        }
        self.items(out)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        match &mut self.state {
            State::Start(start) => {
                let bytes = std::mem::take(start);
                json::parse(&bytes, &mut self.scratch, &self.limits)?;
                let batch = self.scratch.take();
                self.whole(&batch, out)?;
            }
            State::Streaming(items, _) => {
                items.finish();
                self.items(out)?;
            }
        }
        out.cut();
        Ok(())
    }
}

fn graph_path() -> Result<ItemPath, FormatError> {
    "[\"@graph\"]".parse().map_err(|_| FormatError::new(msg!("a JSON-LD document is an object or a list")))
}

/// The context of a document that came from `base`.
fn with_base(base: Option<&str>, context: Json) -> Json {
    match base {
        Some(base) => joined(&json!({ "@base": base }), &context),
        None => context,
    }
}

/// Writes nodes as records, and knows which of their fields hold decimals written as text.
#[derive(Default)]
struct Writing {
    context: Option<Arc<Json>>,
    decimals: FxHashSet<Box<str>>,
}

impl Writing {
    /// Writes a node that has this context; its own `@context` only if it is to be kept.
    fn node(&mut self, node: Value<'_>, context: &Arc<Json>, kept: bool, out: &mut Decoded) {
        let known =
            self.context.as_ref().is_some_and(|known| Arc::ptr_eq(known, context) || known == context);
        if !known {
            // the records before keep their context
            out.cut();
            self.decimals = decimals(context);
            self.context = Some(Arc::clone(context));
        }
        out.builder().set_context(Some(Arc::clone(context)));
        self.copy(node, Place { without_context: !kept, decimal: false }, out.builder());
        out.end_record();
    }

    /// Copies a value. Numbers with a fraction or an exponent become floats, which is what they are in JSON-LD.
    fn copy(&self, value: Value<'_>, place: Place, out: &mut BatchBuilder) {
        match value {
            Value::Decimal(text) if text.contains(['.', 'e', 'E']) => match text.parse::<f64>() {
                Ok(float) if float.is_finite() => out.float(float),
                _ => out.decimal(text),
            },
            Value::Text(text) if place.decimal && is_decimal(text) => out.decimal(text),
            Value::List(list) => {
                out.begin_list();
                let place = Place { without_context: false, ..place };
                list.iter().for_each(|item| self.copy(item, place, out));
                out.end();
            }
            Value::Object(object) => {
                out.begin_object();
                for (key, value) in object.iter() {
                    if place.without_context && &**key == "@context" {
                        continue;
                    }
                    // the keys of an object differ
                    if out.key(key).is_ok() {
                        let decimal = self.decimals.contains(&**key);
                        self.copy(value, Place { without_context: false, decimal }, out);
                    }
                }
                out.end();
            }
            value => out.copy(value),
        }
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    /// It is a node whose `@context` is left out.
    without_context: bool,
    /// Its field has the type `xsd:decimal`.
    decimal: bool,
}

/// The terms of a context whose values are decimals; none if the context cannot be read here.
fn decimals(context: &Json) -> FxHashSet<Box<str>> {
    let Ok(terms) = compile(context, None) else { return FxHashSet::default() };
    let typed = |definition: &Definition| matches!(&definition.coercion, Coercion::Type(iri) if iri == names::DECIMAL);
    terms.terms.into_iter().filter(|(_, definition)| typed(definition)).map(|(term, _)| term).collect()
}

/// Whether a text is a decimal as JSON writes its numbers too: not `+1.0`, `.5` or `05`, which stay as they are.
fn is_decimal(text: &str) -> bool {
    json::number_len(text.as_bytes()) == Some(text.len()) && !text.contains(['e', 'E'])
}

/// How a document that starts so can be read.
fn form(bytes: &[u8]) -> Form {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    match start.split_first() {
        Some((b'[', _)) => Form::List,
        Some((b'{', rest)) => members(rest),
        _ => Form::Whole,
    }
}

/// Looks at the members of the outermost object up to `@graph`.
fn members(mut rest: &[u8]) -> Form {
    let mut context = json!({});
    loop {
        let Some((key, after)) = value::<String>(rest.trim_ascii_start()) else { return Form::Unknown };
        let Some(after) = after.trim_ascii_start().strip_prefix(b":") else { return Form::Unknown };
        let after = after.trim_ascii_start();
        match key.as_str() {
            "@graph" if after.starts_with(b"[") => return Form::Graph(context),
            "@context" => {
                let Some((found, after)) = value::<Json>(after) else { return Form::Unknown };
                context = found;
                let after = after.trim_ascii_start();
                if after.starts_with(b"}") {
                    return Form::Whole;
                }
                let Some(after) = after.strip_prefix(b",") else { return Form::Unknown };
                rest = after;
            }
            _ => return Form::Whole,
        }
    }
}

/// The JSON value at the start, and what follows it.
fn value<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<(T, &[u8])> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    let value = values.next()?.ok()?;
    let rest = bytes.get(values.byte_offset()..)?;
    Some((value, rest))
}

/// How sure one can be that bytes are JSON-LD.
pub(crate) fn looks_like(start: &[u8]) -> u8 {
    let begins = start.trim_ascii_start().starts_with(b"{") || start.trim_ascii_start().starts_with(b"[");
    if begins && memchr::memmem::find(start, b"\"@context\"").is_some() { 85 } else { 0 }
}
