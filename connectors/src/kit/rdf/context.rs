use super::{compact::Prefixes, names};
use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// What the values of a property are without saying so, as its context entry says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coercion {
    /// No value was seen yet.
    Open,
    /// Text, integers and booleans are what they look like.
    Native,
    /// Text is an IRI or a blank node.
    Resource,
    /// Text is of this type.
    Type(Box<str>),
    /// Text is in this language.
    Language(Box<str>),
}

#[derive(Debug)]
struct Predicate {
    iri: Box<str>,
    key: Box<str>,
    coercion: Coercion,
    /// The predicate that followed last: in regular data the next one too.
    likely: usize,
}

/// The JSON-LD context that grows with what a document shows: its prefixes, and per property the type of
/// its first value.
#[derive(Debug, Default)]
pub(super) struct Growing {
    prefixes: Prefixes,
    predicates: Vec<Predicate>,
    by_iri: FxHashMap<Box<str>, usize>,
    last: usize,
    made: Option<Arc<Json>>,
}

/// More properties than any vocabulary has; past this the context starts anew.
const MOST_PREDICATES: usize = 20_000;

impl Growing {
    pub(super) fn new(prefixes: Prefixes) -> Self {
        Self { prefixes, ..Self::default() }
    }

    pub(super) const fn prefixes(&self) -> &Prefixes {
        &self.prefixes
    }

    /// Whether it should start anew: call [`Self::restart`] between batches.
    pub(super) fn is_full(&self) -> bool {
        self.predicates.len() > MOST_PREDICATES
    }

    /// Forgets the properties, after their last batch was cut.
    pub(super) fn restart(&mut self) {
        self.predicates.clear();
        self.by_iri.clear();
        self.made = None;
    }

    /// Takes a prefix. What was written under the old context must have been cut before: see
    /// [`Self::would_change`].
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Prefixes) -> bool) {
        if change(&mut self.prefixes) {
            self.made = None;
            for predicate in &mut self.predicates {
                predicate.key = key_of(&self.prefixes, &predicate.iri);
            }
        }
    }

    pub(super) fn would_change(&self, change: impl FnOnce(&mut Prefixes) -> bool) -> bool {
        change(&mut self.prefixes.clone())
    }

    /// The number of a property.
    pub(super) fn predicate(&mut self, iri: &str) -> usize {
        let likely = self.predicates.get(self.last).map_or(0, |last| last.likely);
        if self.predicates.get(likely).is_some_and(|known| &*known.iri == iri) {
            self.last = likely;
            return likely;
        }
        let index = match self.by_iri.get(iri) {
            Some(index) => *index,
            None => {
                let index = self.predicates.len();
                let key = key_of(&self.prefixes, iri);
                self.predicates.push(Predicate { iri: iri.into(), key, coercion: Coercion::Open, likely: 0 });
                self.by_iri.insert(iri.into(), index);
                index
            }
        };
        if let Some(last) = self.predicates.get_mut(self.last) {
            last.likely = index;
        }
        self.last = index;
        index
    }

    pub(super) fn is_type(&self, predicate: usize) -> bool {
        self.predicates.get(predicate).is_some_and(|known| &*known.iri == names::TYPE)
    }

    pub(super) fn key(&self, predicate: usize) -> &str {
        self.predicates.get(predicate).map_or("", |known| &known.key)
    }

    pub(super) fn coercion(&self, predicate: usize) -> &Coercion {
        self.predicates.get(predicate).map_or(&Coercion::Native, |known| &known.coercion)
    }

    /// Settles how the values of a property are written, once.
    pub(super) fn settle(&mut self, predicate: usize, coercion: Coercion) {
        if let Some(known) = self.predicates.get_mut(predicate) {
            if coercion != Coercion::Native {
                self.made = None;
            }
            known.coercion = coercion;
        }
    }

    /// The context as it stands.
    pub(super) fn context(&mut self) -> Arc<Json> {
        if let Some(made) = &self.made {
            return Arc::clone(made);
        }
        let mut context = self.prefixes.context();
        for predicate in &self.predicates {
            let entry = match &predicate.coercion {
                Coercion::Open | Coercion::Native => continue,
                Coercion::Resource => json!({ "@type": "@id" }),
                Coercion::Type(datatype) => {
                    let mut short = String::new();
                    self.prefixes.compact(datatype, true, &mut short);
                    json!({ "@type": short })
                }
                Coercion::Language(tag) => json!({ "@language": tag }),
            };
            context.insert(predicate.key.as_ref().to_owned(), entry);
        }
        let made = Arc::new(Json::Object(context));
        self.made = Some(Arc::clone(&made));
        made
    }
}

fn key_of(prefixes: &Prefixes, iri: &str) -> Box<str> {
    let mut key = String::new();
    prefixes.compact(iri, true, &mut key);
    key.into()
}
