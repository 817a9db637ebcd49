use super::terms::{Coercion, Container, Definition, KEYWORDS, Terms, is_keyword_like};
use crate::kit::rdf::{is_strict_iri, names};
use bus_core::record::Shape;
use std::sync::Arc;

/// What the fields of one shape mean: found once, followed for every record of the shape.
#[derive(Debug)]
pub(super) struct Plan {
    /// Kept so that its address stays its own.
    pub(super) shape: Arc<Shape>,
    /// Where objects of the shape were first met, for the loss report.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) id: Option<usize>,
    pub(super) graph: Option<usize>,
    pub(super) index: Option<usize>,
    /// Position in the shape and meaning, without `@id` and `@graph`.
    pub(super) fields: Vec<(usize, Field)>,
    /// Whether only the full processor does it right.
    pub(super) rare: bool,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Node,
    /// A value object: `@value` and the positions of `@type` and `@language`.
    Value {
        value: usize,
        datatype: Option<usize>,
        language: Option<usize>,
    },
    /// A list object: the position of `@list`.
    List(usize),
    /// A set object: the position of `@set`.
    Set(usize),
}

/// What a field of a node means.
#[derive(Debug)]
pub(super) enum Field {
    Type,
    Included,
    Property(Arc<Property>),
    /// Nothing: counted at this place of the drop list.
    Dropped(usize),
}

/// A property and how its values are read.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) predicate: String,
    pub(super) coercion: Coercion,
    pub(super) language: Option<String>,
    pub(super) container: Container,
    /// The field, for the loss report.
    pub(super) path: String,
}

impl Property {
    /// The same values under another predicate: the cells of a list.
    pub(super) fn cell(&self) -> Self {
        Self {
            predicate: names::FIRST.to_owned(),
            coercion: self.coercion.clone(),
            language: self.language.clone(),
            container: Container::None,
            path: self.path.clone(),
        }
    }
}

impl Plan {
    /// The plan of `shape` under `terms`; `drop` is told the path of each field that means nothing and
    /// gives the place where such are counted.
    pub(super) fn new(
        terms: &Terms,
        shape: &Arc<Shape>,
        path: &str,
        drop: &mut dyn FnMut(String) -> usize,
    ) -> Self {
        let mut plan = Self {
            shape: Arc::clone(shape),
            path: path.to_owned(),
            kind: Kind::Node,
            id: None,
            graph: None,
            index: None,
            fields: Vec::new(),
            rare: terms.rare,
        };
        let mut value = (None, None, None);
        for (position, key) in shape.keys().iter().enumerate() {
            let path = if path.is_empty() { key.as_ref().to_owned() } else { format!("{path}.{key}") };
            let mut iri = String::new();
            let known = terms.expand(key, true, false, &mut iri);
            if is_keyword_like(&iri) && KEYWORDS.contains(&iri.as_str()) {
                match iri.as_str() {
                    "@id" => plan.rare |= plan.id.replace(position).is_some(),
                    "@graph" => plan.rare |= plan.graph.replace(position).is_some(),
                    "@type" => {
                        value.1 = Some(position);
                        plan.fields.push((position, Field::Type));
                    }
                    "@value" => value.0 = Some(position),
                    "@language" => value.2 = Some(position),
                    "@list" => plan.kind = Kind::List(position),
                    "@set" => plan.kind = Kind::Set(position),
                    "@included" => plan.fields.push((position, Field::Included)),
                    "@index" => plan.index = Some(position),
                    _ => plan.rare = true,
                }
            } else if known && is_strict_iri(&iri) {
                let property = property(terms, terms.terms.get(key.as_ref()), iri, path);
                plan.fields.push((position, Field::Property(Arc::new(property))));
            } else {
                plan.fields.push((position, Field::Dropped(drop(path))));
            }
        }
        if let (Some(place), datatype, language) = value {
            plan.kind = Kind::Value { value: place, datatype, language };
        }
        // a value, list or set object holds nothing else
        let most = match plan.kind {
            Kind::Node => usize::MAX,
            Kind::Value { datatype, .. } => usize::from(datatype.is_some()),
            Kind::List(_) | Kind::Set(_) => 0,
        };
        plan.rare |= plan.fields.len() > most
            || (plan.kind != Kind::Node && (plan.id.is_some() || plan.graph.is_some()))
            || (plan.kind == Kind::Node && value.2.is_some());
        plan
    }
}

fn property(terms: &Terms, definition: Option<&Definition>, predicate: String, path: String) -> Property {
    let default = Definition::default();
    let definition = definition.unwrap_or(&default);
    let language = match &definition.language {
        Some(language) => language.clone(),
        None => terms.language.clone(),
    };
    Property {
        predicate,
        coercion: definition.coercion.clone(),
        language,
        container: definition.container,
        path,
    }
}
