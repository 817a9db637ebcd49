//! Gives records a JSON-LD context, with which they are RDF.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{jsonld, rdf::is_iri_byte},
};
use bus_core::{
    error::StepError,
    expression::{Scope, Template, TemplateWriter},
    msg,
    record::{Batch, BatchBuilder, Key, Object, Shape, Timestamp, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

pub(crate) static CONNECTOR: Connector = Connector::transform::<SetContext>("set-context");

/// # Set context
///
/// Says what the fields of the records mean: with a JSON-LD context the same records are a graph, and every
/// RDF format can write them. Optionally gives each record its identifier and its type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "share-2", "x-group" = "semantic"))]
struct SetContext {
    /// # Context
    ///
    /// The context (JSON-LD 1.1, what stands under `@context`): for each field the IRI of its property, and
    /// the type of its values where that matters.
    #[serde(default)]
    #[schemars(extend("x-form" = "code", "examples" = [{ "name": "https://schema.org/name" }]))]
    context: Option<Given>,
    /// # File
    ///
    /// A file that holds the context, alone or under `@context`, beside the workflow.
    #[serde(default)]
    #[schemars(extend("examples" = ["context.jsonld"]))]
    file: Option<String>,
    /// # Mode
    ///
    /// What becomes of the context that the records have already.
    #[serde(default)]
    mode: Mode,
    /// # Identifier
    ///
    /// The IRI of each record, made from its fields. Characters that no IRI can hold are percent-encoded.
    #[serde(default)]
    #[schemars(extend("examples" = ["https://example.org/station/{id}"]))]
    id: Option<Template>,
    /// # Type
    ///
    /// The class of all records: an IRI, a compact one, or a term of the context.
    #[serde(default, rename = "type")]
    #[schemars(extend("examples" = ["schema:Place"]))]
    class: Option<String>,
}

/// What becomes of the context before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It is replaced
    #[default]
    Replace,
    /// The terms are added to it
    Merge,
    /// It is taken away
    Remove,
}

/// A context that was checked.
#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
struct Given(Json);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let context = bare(Json::deserialize(deserializer)?);
        match jsonld::check(&context) {
            Ok(()) => Ok(Self(context)),
            Err(problem) if problem.term.is_empty() => Err(D::Error::custom(problem.message)),
            Err(problem) => Err(D::Error::custom(msg!(
                "term `{term}`: {problem}",
                term = problem.term,
                problem = problem.message
            ))),
        }
    }
}

/// The context itself, if it was given as a document.
fn bare(json: Json) -> Json {
    match json {
        Json::Object(mut fields) if fields.contains_key("@context") => {
            fields.remove("@context").unwrap_or_default()
        }
        json => json,
    }
}

impl Transform for SetContext {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let given = match (&self.context, &self.file, self.mode) {
            (_, _, Mode::Remove) => None,
            (Some(_), Some(_), _) => {
                return Err(StepError::settings(msg!("give the context or a file, not both")));
            }
            (Some(Given(given)), None, _) => Some(Arc::new(given.clone())),
            (None, Some(file), _) => Some(Arc::new(read(file, &context).await?)),
            (None, None, Mode::Merge) => None,
            (None, None, Mode::Replace) => {
                return Err(StepError::settings(msg!("the context is missing: write it, or name a file")));
            }
        };
        let mut names = (self.id.is_some() || self.class.is_some())
            .then(|| Names::new(self.id.as_ref(), self.class.as_deref(), &context));
        let mut merged = Merged { mode: self.mode, given, seen: None };
        while let Some(batch) = inputs.next().await {
            let next = merged.of(batch.context());
            let mut batch = match &mut names {
                Some(names) => names.write(&batch, &mut out),
                None => batch,
            };
            batch.set_context(next);
            out.send(batch).await?;
        }
        Ok(())
    }
}

async fn read(file: &str, context: &Context) -> Result<Json, StepError> {
    let path = context.path(file)?;
    let text = tokio::fs::read(&path).await.map_err(|error| {
        StepError::settings(msg!(
            "the context file {file} cannot be read: {problem}",
            file = file,
            problem = error.to_string()
        ))
    })?;
    let json = serde_json::from_slice(&text).map_err(|error| {
        StepError::settings(msg!(
            "the context file {file} is not JSON: {problem}",
            file = file,
            problem = error.to_string()
        ))
    })?;
    let json = bare(json);
    jsonld::check(&json).map_err(|problem| {
        StepError::settings(msg!(
            "the context file {file}, term `{term}`: {problem}",
            file = file,
            term = problem.term,
            problem = problem.message
        ))
    })?;
    Ok(json)
}

/// The context of what goes out, made once per context that comes in.
struct Merged {
    mode: Mode,
    given: Option<Arc<Json>>,
    seen: Option<(Arc<Json>, Arc<Json>)>,
}

impl Merged {
    fn of(&mut self, before: Option<&Arc<Json>>) -> Option<Arc<Json>> {
        let Some(before) = before.filter(|_| self.mode == Mode::Merge) else { return self.given.clone() };
        let Some(given) = &self.given else { return Some(Arc::clone(before)) };
        if let Some((seen, made)) = &self.seen
            && Arc::ptr_eq(seen, before)
        {
            return Some(Arc::clone(made));
        }
        let made = Arc::new(merge(before, given));
        self.seen = Some((Arc::clone(before), Arc::clone(&made)));
        Some(made)
    }
}

/// Both contexts in one; of a term that both have the second counts.
fn merge(before: &Json, given: &Json) -> Json {
    match (before, given) {
        (Json::Object(before), Json::Object(given)) => {
            let mut both: Map<String, Json> = before.clone();
            both.extend(given.iter().map(|(term, meaning)| (term.clone(), meaning.clone())));
            both.into()
        }
        (Json::Array(before), given) => {
            let mut both = before.clone();
            both.push(given.clone());
            both.into()
        }
        (before, given) => json!([before, given]),
    }
}

/// Writes `@id` and `@type` into records.
struct Names<'s> {
    id: Option<TemplateWriter>,
    class: Option<&'s str>,
    parameters: Arc<Map<String, Json>>,
    now: Timestamp,
    builder: BatchBuilder,
    /// A shape that came in, and the one that goes out for it.
    shape: Option<(Arc<Shape>, Arc<Shape>)>,
    text: String,
}

impl<'s> Names<'s> {
    fn new(id: Option<&Template>, class: Option<&'s str>, context: &Context) -> Self {
        Self {
            id: id.map(|id| id.writer(context.limits().expression_fuel)),
            class,
            parameters: Arc::clone(context.parameters()),
            now: context.now(),
            builder: BatchBuilder::new(),
            shape: None,
            text: String::new(),
        }
    }

    fn write(&mut self, batch: &Batch, out: &mut Outputs) -> Batch {
        let mut kept = Vec::with_capacity(batch.len());
        for (row, record) in batch.records().enumerate() {
            let Value::Object(object) = record else {
                self.builder.copy(record);
                kept.push(row);
                continue;
            };
            self.text.clear();
            if let Some(id) = &mut self.id {
                let scope = Scope { record, parameters: &self.parameters, now: self.now };
                if let Err(error) = id.text(&scope, &mut self.text) {
                    out.reject(record, &error.reject());
                    continue;
                }
            }
            self.record(batch, object);
            kept.push(row);
        }
        let mut named = self.builder.take();
        named.set_places(batch.places_of(kept));
        named
    }

    fn record(&mut self, batch: &Batch, object: Object<'_>) {
        let shape = self.shape(object.shape());
        self.builder.begin_shaped(&shape);
        if self.id.is_some() {
            let text = &self.text;
            self.builder.text_with(|out| escape(text, out));
        }
        if let Some(class) = self.class {
            self.builder.text(class);
        }
        for (key, cell) in object.shape().keys().iter().zip(object.cells()) {
            if !self.replaces(key) {
                self.builder.put(batch, *cell);
            }
        }
        self.builder.end();
    }

    fn replaces(&self, key: &str) -> bool {
        (key == "@id" && self.id.is_some()) || (key == "@type" && self.class.is_some())
    }

    fn shape(&mut self, shape: &Arc<Shape>) -> Arc<Shape> {
        if let Some((known, made)) = &self.shape
            && Arc::ptr_eq(known, shape)
        {
            return Arc::clone(made);
        }
        let own = [self.id.as_ref().map(|_| "@id"), self.class.map(|_| "@type")];
        let own = own.into_iter().flatten().map(Key::from);
        let others = shape.keys().iter().filter(|key| !self.replaces(key)).cloned();
        let made = Shape::of(own.chain(others).collect::<Vec<_>>());
        self.shape = Some((Arc::clone(shape), Arc::clone(&made)));
        made
    }
}

/// Percent-encodes what no IRI can hold.
fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_iri_byte(byte)) {
        let (plain, odd) = rest.split_at(at);
        out.push_str(plain);
        let mut odd = odd.chars();
        let byte = odd.next().map_or(0, u32::from);
        out.push('%');
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(digit, 16).map(|digit| digit.to_ascii_uppercase()));
        }
        rest = odd.as_str();
    }
    out.push_str(rest);
}
