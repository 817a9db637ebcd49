use super::{
    Loader,
    compile::compile,
    full,
    plan::{Field, Kind, Plan},
    terms::{Container, Terms},
    work::Work,
};
use crate::{
    contract::FormatError,
    kit::{
        rdf::{QuadSink, is_strict_iri},
        senml,
    },
};
use bus_core::{
    loss::{Loss, LossReport},
    msg,
    record::{Batch, Object, Value},
    text,
};
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use std::sync::Arc;

/// Turns records into quads, as the context of their batch says.
#[derive(Default)]
pub struct Emitter {
    base: Option<String>,
    loader: Option<Loader>,
    context: Option<Arc<Json>>,
    pub(super) terms: Terms,
    /// The context has parts that a plan cannot know, such as an address.
    opaque: bool,
    /// The records are SenML: see [`senml::context`].
    pub(super) observations: bool,
    plans: FxHashMap<usize, Arc<Plan>>,
    pub(super) last_blank: u64,
    drops: Vec<Drops>,
    /// Texts that were names or literals, for the next ones: no allocation a value.
    spare: Vec<String>,
}

/// Values of one field that were left out for one reason.
struct Drops {
    path: String,
    reason: &'static str,
    count: u64,
}

/// Why a field is left out.
pub(super) const NO_TERM: &str = text!("the context has no term for this field");

/// Texts kept for their room, and the most room of each.
const MOST_SPARE: usize = 16;
const LARGEST_SPARE: usize = 4_096;

/// Objects used as maps have many shapes; past this the plans are made anew.
const MOST_PLANS: usize = 4_096;

impl std::fmt::Debug for Emitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emitter").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Emitter {
    /// An emitter; relative IRIs are resolved against `base` where the context has no `@base`.
    #[must_use]
    pub fn new(base: Option<String>) -> Self {
        Self { base, ..Self::default() }
    }

    /// With contexts known by their address.
    #[must_use]
    pub fn with_loader(mut self, loader: Loader) -> Self {
        self.loader = Some(loader);
        self
    }

    /// The prefixes of the context at hand; the name is empty for its vocabulary.
    pub(crate) fn prefixes(&self) -> Vec<(&str, &str)> {
        let mut prefixes: Vec<_> = self
            .terms
            .terms
            .iter()
            .filter(|(_, definition)| definition.prefix)
            .filter_map(|(term, definition)| Some((term.as_ref(), definition.iri.as_deref()?)))
            .collect();
        prefixes.extend(self.terms.vocabulary.as_deref().map(|iri| ("", iri)));
        prefixes.sort_unstable();
        prefixes
    }

    /// Reads the context of `batch`, if it is another than that of the batch before.
    ///
    /// # Errors
    /// When there is none although the fields have plain names, or when it is wrong.
    pub fn enter(&mut self, batch: &Batch) -> Result<(), FormatError> {
        let known = match (&self.context, batch.context()) {
            (Some(known), Some(context)) => Arc::ptr_eq(known, context) || known == context,
            _ => false,
        };
        if known {
            return Ok(());
        }
        let empty = Arc::new(Json::Object(serde_json::Map::new()));
        let context = match batch.context() {
            Some(context) => Arc::clone(context),
            None if batch.object(0).is_none_or(speaks_for_itself) => empty,
            None => {
                return Err(FormatError::new(msg!(
                    "the records have no context that says what their fields mean: put a `set-context` step before, or give a context"
                )));
            }
        };
        self.plans.clear();
        match compile(&context, self.base.as_deref()) {
            Ok(terms) => {
                self.terms = terms;
                self.opaque = false;
            }
            // the full processor may know better: it can be given contexts by their address
            Err(problem) if problem.remote && self.loader.is_some() => {
                self.terms = Terms::default();
                self.opaque = true;
            }
            Err(problem) if problem.term.is_empty() => return Err(FormatError::new(problem.message)),
            Err(problem) => {
                let message = msg!(
                    "the context, term `{term}`: {problem}",
                    term = problem.term,
                    problem = problem.message
                );
                return Err(FormatError::new(message));
            }
        }
        self.observations = senml::is_senml(&context);
        self.context = Some(context);
        Ok(())
    }

    /// Sends the quads of all records of `batch` to `sink`; call [`Self::enter`] first.
    ///
    /// # Errors
    /// When the sink fails, or a record that needs the full processor is not valid JSON-LD.
    pub fn emit(
        &mut self,
        batch: &Batch,
        sink: &mut dyn QuadSink,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        for record in batch.records() {
            let plain = match record {
                Value::Object(object) => !self.opaque && self.covers(object, 0),
                _ => true,
            };
            if plain {
                Work::new(self, sink).record(record)?;
            } else {
                let json = record.to_json();
                let given = (self.base.as_deref(), self.loader.as_ref());
                full::convert(&json, self.context.as_deref(), given, sink)?;
            }
        }
        for drop in &mut self.drops {
            let count = std::mem::take(&mut drop.count);
            if count > 0 {
                losses.add(&drop.path, Loss::Dropped, drop.reason, count);
            }
        }
        Ok(())
    }

    /// Whether plans do all of `object` right.
    fn covers(&mut self, object: Object<'_>, depth: usize) -> bool {
        let plan = self.plan(object, "");
        if plan.rare || depth > DEEPEST || !is_text(object, plan.id) || !is_text(object, plan.index) {
            return false;
        }
        let good = match plan.kind {
            Kind::Value { value, datatype, language } => {
                let typed = datatype.and_then(|place| object.at(place)).and_then(Value::as_text);
                is_text(object, datatype)
                    && is_text(object, language)
                    && (language.is_none() || is_text(object, Some(value)))
                    && !(datatype.is_some() && language.is_some())
                    && typed.is_none_or(|typed| self.is_class(typed))
                    && !matches!(object.at(value), Some(Value::List(_) | Value::Object(_)))
            }
            Kind::Node => plan
                .fields
                .iter()
                .all(|(place, field)| object.at(*place).is_none_or(|value| self.covers_field(field, value))),
            Kind::List(_) | Kind::Set(_) => true,
        };
        good && (0..object.shape().len()).all(|place| match object.at(place) {
            Some(value @ (Value::Object(_) | Value::List(_))) => self.covers_value(value, depth + 1),
            _ => true,
        })
    }

    fn is_class(&self, text: &str) -> bool {
        let mut iri = String::new();
        self.terms.expand(text, true, true, &mut iri) && is_strict_iri(&iri)
    }

    fn covers_field(&mut self, field: &Field, value: Value<'_>) -> bool {
        let texts = |value: Value<'_>| match value {
            Value::List(list) => list.iter().all(|item| item.as_text().is_some()),
            value => value.as_text().is_some(),
        };
        match field {
            Field::Type => texts(value),
            Field::Included => match value {
                Value::List(list) => list.iter().all(|item| self.is_node(item)),
                value => self.is_node(value),
            },
            Field::Property(property) if property.container == Container::Language => match value {
                Value::Object(entries) => entries.iter().all(|(_, text)| text.is_null() || texts(text)),
                value => value.is_null(),
            },
            Field::Property(_) | Field::Dropped(_) => true,
        }
    }

    fn is_node(&mut self, value: Value<'_>) -> bool {
        value.as_object().is_some_and(|object| self.plan(object, "").kind == Kind::Node)
    }

    fn covers_value(&mut self, value: Value<'_>, depth: usize) -> bool {
        match value {
            Value::Object(object) => self.covers(object, depth),
            Value::List(list) => {
                depth <= DEEPEST && list.iter().all(|item| self.covers_value(item, depth + 1))
            }
            _ => true,
        }
    }

    /// The plan for objects of this shape.
    pub(super) fn plan(&mut self, object: Object<'_>, path: &str) -> Arc<Plan> {
        let address = Arc::as_ptr(object.shape()).addr();
        if let Some(plan) = self.plans.get(&address)
            && Arc::ptr_eq(&plan.shape, object.shape())
        {
            return Arc::clone(plan);
        }
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        let drops = &mut self.drops;
        let plan = Plan::new(&self.terms, object.shape(), path, &mut |path| place(drops, path, NO_TERM));
        let plan = Arc::new(plan);
        self.plans.insert(address, Arc::clone(&plan));
        plan
    }

    /// Counts a value left out.
    pub(super) fn dropped(&mut self, place: usize) {
        if let Some(drop) = self.drops.get_mut(place) {
            drop.count += 1;
        }
    }

    /// Counts a value left out for a reason of its own.
    pub(super) fn drop_value(&mut self, path: &str, reason: &'static str) {
        let place = place(&mut self.drops, path.to_owned(), reason);
        self.dropped(place);
    }

    /// An empty text, as a rule with room from its last use.
    pub(super) fn spare(&mut self) -> String {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a text back that is not needed any more.
    pub(super) fn give_back(&mut self, mut text: String) {
        if self.spare.len() < MOST_SPARE && text.capacity() <= LARGEST_SPARE {
            text.clear();
            self.spare.push(text);
        }
    }

    /// A label for a node without a name.
    pub(super) fn next_blank(&mut self, out: &mut String) {
        self.last_blank += 1;
        out.push('n');
        out.push_str(itoa::Buffer::new().format(self.last_blank));
    }
}

fn is_text(object: Object<'_>, place: Option<usize>) -> bool {
    place.and_then(|place| object.at(place)).is_none_or(|value| value.as_text().is_some())
}

/// Deeper records go to the full processor, which has its own limit.
pub(super) const DEEPEST: usize = 128;

/// More fields than this are counted together.
const MOST_DROPS: usize = 256;

fn place(drops: &mut Vec<Drops>, path: String, reason: &'static str) -> usize {
    let path = if drops.len() < MOST_DROPS { path } else { "…".to_owned() };
    let known = drops.iter().position(|drop| drop.path == path && drop.reason == reason);
    known.unwrap_or_else(|| {
        drops.push(Drops { path, reason, count: 0 });
        drops.len() - 1
    })
}

/// Whether the field names are IRIs or keywords: then no context is needed.
fn speaks_for_itself(record: Object<'_>) -> bool {
    record.iter().any(|(key, _)| key.starts_with('@') || key.contains("://"))
}
