use super::full::joined;
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::json::{self, ItemPath, Items},
};
use bus_core::{
    error::Reject,
    msg,
    record::{Batch, BatchBuilder, Value},
};
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
                    "a JSON-LD document longer than {limit} bytes must be a list, or have its `@context` before its `@graph` and nothing else",
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
                        node @ Value::Object(_) if in_graph => write_kept(node, &self.context, out),
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
                    write(value, &Arc::new(own), out);
                }
                None => write(value, &self.context, out),
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
                    Value::List(list) => list.iter().for_each(|node| write_kept(node, &self.context, out)),
                    node => write_kept(node, &self.context, out),
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

/// Writes a node without its own `@context`, which `context` is.
fn write(node: Value<'_>, context: &Arc<Json>, out: &mut Decoded) {
    enter(context, out);
    copy(node, true, out.builder());
    out.end_record();
}

/// Writes a node as it is.
fn write_kept(node: Value<'_>, context: &Arc<Json>, out: &mut Decoded) {
    enter(context, out);
    copy(node, false, out.builder());
    out.end_record();
}

/// The records to come have this context; those before keep theirs.
fn enter(context: &Arc<Json>, out: &mut Decoded) {
    let known = out.builder().context().is_some_and(|known| Arc::ptr_eq(known, context) || known == context);
    if !known {
        out.cut();
    }
    out.builder().set_context(Some(Arc::clone(context)));
}

/// Copies a value. Numbers with a fraction or an exponent become floats, which is what they are in JSON-LD.
fn copy(value: Value<'_>, without_context: bool, out: &mut BatchBuilder) {
    match value {
        Value::Decimal(text) if text.contains(['.', 'e', 'E']) => match text.parse::<f64>() {
            Ok(float) if float.is_finite() => out.float(float),
            _ => out.decimal(text),
        },
        Value::List(list) => {
            out.begin_list();
            list.iter().for_each(|item| copy(item, false, out));
            out.end();
        }
        Value::Object(object) => {
            out.begin_object();
            for (key, value) in object.iter() {
                if without_context && &**key == "@context" {
                    continue;
                }
                // the keys of an object differ
                if out.key(key).is_ok() {
                    copy(value, false, out);
                }
            }
            out.end();
        }
        value => out.copy(value),
    }
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
