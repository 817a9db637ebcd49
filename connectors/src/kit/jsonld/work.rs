use super::{
    Emitter,
    literal::{lexical, literal},
    plan::{Field, Kind, Plan, Property},
    terms::{Coercion, Container},
};
use crate::{
    contract::FormatError,
    kit::{
        rdf::{Quad, QuadSink, Term, is_absolute, is_iri, names},
        senml,
    },
};
use bus_core::{
    record::{Object, Value},
    text,
};
use std::{collections::VecDeque, sync::Arc};

const NO_FORM: &str = text!("a withheld value has no form in RDF");
const NO_IRI: &str = text!("the text is not an IRI");
const NO_LANGUAGE: &str = text!("the language tag is not well-formed");
const NO_NODE: &str = text!("a record that is no object has no form in RDF");

/// Writes the quads of one record; nodes inside it come after it, so that what is said of one node stands
/// together.
pub(super) struct Work<'a, 'e> {
    emitter: &'e mut Emitter,
    sink: &'e mut dyn QuadSink,
    waiting: VecDeque<Task<'a>>,
}

/// A node with a name, given or made.
#[derive(Debug, Clone)]
enum Name {
    Iri(String),
    Blank(String),
}

impl Name {
    fn term(&self) -> Term<'_> {
        match self {
            Self::Iri(iri) => Term::Iri(iri),
            Self::Blank(label) => Term::Blank(label),
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Iri(text) | Self::Blank(text) => text,
        }
    }
}

/// The graph that statements go to; `None` for the default one.
type Graph = Option<Arc<Name>>;

enum Task<'a> {
    Node { object: Object<'a>, plan: Arc<Plan>, name: Name, graph: Graph },
    List { items: Vec<Value<'a>>, property: Arc<Property>, head: String, graph: Graph },
    Graph { content: Value<'a>, graph: Graph },
}

impl<'a, 'e> Work<'a, 'e> {
    pub(super) fn new(emitter: &'e mut Emitter, sink: &'e mut dyn QuadSink) -> Self {
        Self { emitter, sink, waiting: VecDeque::new() }
    }

    pub(super) fn record(mut self, record: Value<'a>) -> Result<(), FormatError> {
        self.top(record, &None)?;
        while let Some(task) = self.waiting.pop_front() {
            match task {
                Task::Node { object, plan, name, graph } => {
                    self.node(object, &plan, &name, &graph)?;
                    self.emitter.give_back(name.into_text());
                }
                Task::List { items, property, head, graph } => self.list(&items, &property, head, &graph)?,
                Task::Graph { content, graph } => self.top(content, &graph)?,
            }
        }
        Ok(())
    }

    /// A node, or a list of them, that nothing refers to.
    fn top(&mut self, value: Value<'a>, graph: &Graph) -> Result<(), FormatError> {
        match value {
            Value::Object(object) => {
                let plan = self.emitter.plan(object, "");
                let content = plan.graph.and_then(|place| object.at(place));
                match (plan.kind, content) {
                    (Kind::Node, Some(content)) if plan.id.is_none() && plan.fields.is_empty() => {
                        self.top(content, graph)
                    }
                    (Kind::Node, _) => {
                        let Some(name) = self.name(object, &plan) else { return Ok(()) };
                        if self.emitter.observations && object.get("@type").is_none() {
                            self.send(&name, names::TYPE, Term::Iri(senml::OBSERVATION), graph)?;
                        }
                        self.node(object, &plan, &name, graph)?;
                        self.emitter.give_back(name.into_text());
                        Ok(())
                    }
                    (Kind::Set(place), _) => {
                        object.at(place).map_or(Ok(()), |content| self.top(content, graph))
                    }
                    // a value that nothing refers to says nothing
                    _ => Ok(()),
                }
            }
            Value::List(list) => list.iter().try_for_each(|item| self.top(item, graph)),
            _ => {
                self.emitter.drop_value("", NO_NODE);
                Ok(())
            }
        }
    }

    /// The name of a node; `None` if its `@id` is no IRI.
    fn name(&mut self, object: Object<'a>, plan: &Plan) -> Option<Name> {
        let id = plan.id.and_then(|place| object.at(place)).and_then(Value::as_text);
        let Some(id) = id else { return Some(self.unnamed()) };
        let name = self.resource(id, false);
        if name.is_none() {
            self.emitter.drop_value(&join(&plan.path, "@id"), NO_IRI);
        }
        name
    }

    fn unnamed(&mut self) -> Name {
        let mut label = self.emitter.spare();
        self.emitter.next_blank(&mut label);
        Name::Blank(label)
    }

    /// The node that a text names; `vocabulary` for types.
    fn resource(&mut self, text: &str, vocabulary: bool) -> Option<Name> {
        // the codes of units that no term can be
        if vocabulary
            && self.emitter.observations
            && text.contains('/')
            && let Some(unit) = senml::unit_iri(text)
        {
            return Some(Name::Iri(unit));
        }
        let mut iri = self.emitter.spare();
        if self.emitter.terms.expand(text, vocabulary, true, &mut iri) {
            if let Some(label) = iri.strip_prefix("_:") {
                return Some(Name::Blank(safe_label(label)));
            }
            if is_absolute(&iri) && is_iri(&iri) {
                return Some(Name::Iri(iri));
            }
        }
        self.emitter.give_back(iri);
        None
    }

    fn node(
        &mut self,
        object: Object<'a>,
        plan: &Plan,
        name: &Name,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        for (place, field) in &plan.fields {
            let Some(value) = object.at(*place) else { continue };
            match field {
                Field::Property(property) => self.values(name, property, value, graph)?,
                Field::Type => self.types(name, value, graph)?,
                Field::Included => {
                    self.waiting.push_back(Task::Graph { content: value, graph: graph.clone() });
                }
                Field::Dropped(_) if value.is_null() => {}
                Field::Dropped(count) => self.emitter.dropped(*count),
            }
        }
        if let Some(content) = plan.graph.and_then(|place| object.at(place)) {
            self.waiting.push_back(Task::Graph { content, graph: Some(Arc::new(name.clone())) });
        }
        Ok(())
    }

    fn types(&mut self, name: &Name, value: Value<'a>, graph: &Graph) -> Result<(), FormatError> {
        match value {
            Value::List(list) => list.iter().try_for_each(|item| self.types(name, item, graph)),
            Value::Text(text) => match self.resource(text, true) {
                Some(class) => self.refer(name, names::TYPE, class, graph),
                None => {
                    self.emitter.drop_value("@type", NO_IRI);
                    Ok(())
                }
            },
            _ => Ok(()),
        }
    }

    fn send(
        &mut self,
        name: &Name,
        predicate: &str,
        object: Term<'_>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        let graph = graph.as_deref().map(Name::term);
        self.sink.quad(&Quad { subject: name.term(), predicate, object, graph })
    }

    /// Says that the object is a node that is not needed then.
    fn refer(
        &mut self,
        name: &Name,
        predicate: &str,
        object: Name,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        self.send(name, predicate, object.term(), graph)?;
        self.emitter.give_back(object.into_text());
        Ok(())
    }

    /// All values of a property, as its container holds them.
    fn values(
        &mut self,
        name: &Name,
        property: &Arc<Property>,
        value: Value<'a>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        match (property.container, value) {
            (_, Value::Null) => Ok(()),
            (Container::List, value) if !self.is_list(value) => {
                let items = match value {
                    Value::List(list) => list.iter().collect(),
                    value => vec![value],
                };
                self.begin_list(name, property, items, graph)
            }
            (Container::Language, Value::Object(texts)) => self.texts(name, property, texts, graph),
            (Container::Index, Value::Object(entries)) => {
                entries.iter().try_for_each(|(_, value)| self.each(name, property, value, graph))
            }
            (_, value) => self.each(name, property, value, graph),
        }
    }

    fn is_list(&mut self, value: Value<'a>) -> bool {
        value.as_object().is_some_and(|object| matches!(self.emitter.plan(object, "").kind, Kind::List(_)))
    }

    fn in_language(
        &mut self,
        name: &Name,
        property: &Property,
        (text, tag): (&str, &str),
        graph: &Graph,
    ) -> Result<(), FormatError> {
        if tag == "@none" {
            return self.send(name, &property.predicate, Term::Plain(text), graph);
        }
        if !is_language(tag) {
            self.emitter.drop_value(&property.path, NO_LANGUAGE);
            return Ok(());
        }
        self.send(name, &property.predicate, Term::Language(text, tag), graph)
    }

    /// Texts by language.
    fn texts(
        &mut self,
        name: &Name,
        property: &Property,
        texts: Object<'a>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        for (tag, value) in texts.iter() {
            let items: Vec<Value<'a>> = match value {
                Value::List(list) => list.iter().collect(),
                value => vec![value],
            };
            for text in items.into_iter().filter_map(Value::as_text) {
                self.in_language(name, property, (text, tag), graph)?;
            }
        }
        Ok(())
    }

    fn each(
        &mut self,
        name: &Name,
        property: &Arc<Property>,
        value: Value<'a>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        match value {
            Value::List(list) => list.iter().try_for_each(|item| self.each(name, property, item, graph)),
            Value::Object(object) => self.object(name, property, object, graph),
            Value::Null => Ok(()),
            Value::Masked(_) => {
                self.emitter.drop_value(&property.path, NO_FORM);
                Ok(())
            }
            value => self.scalar(name, property, value, graph),
        }
    }

    fn object(
        &mut self,
        name: &Name,
        property: &Arc<Property>,
        object: Object<'a>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        let plan = self.emitter.plan(object, &property.path);
        match plan.kind {
            Kind::Node => {
                let Some(node) = self.name(object, &plan) else { return Ok(()) };
                self.send(name, &property.predicate, node.term(), graph)?;
                if !plan.fields.is_empty() || plan.graph.is_some() {
                    self.waiting.push_back(Task::Node { object, plan, name: node, graph: graph.clone() });
                }
                Ok(())
            }
            Kind::Set(place) => match object.at(place) {
                Some(value) => self.each(name, property, value, graph),
                None => Ok(()),
            },
            Kind::List(place) => {
                let items = match object.at(place) {
                    Some(Value::List(list)) => list.iter().collect(),
                    Some(value) => vec![value],
                    None => Vec::new(),
                };
                self.begin_list(name, property, items, graph)
            }
            Kind::Value { value, datatype, language } => {
                let text =
                    |place: Option<usize>| place.and_then(|place| object.at(place)).and_then(Value::as_text);
                let Some(value) = object.at(value) else { return Ok(()) };
                self.value_object(name, property, (value, text(datatype), text(language)), graph)
            }
        }
    }

    fn value_object(
        &mut self,
        name: &Name,
        property: &Property,
        (value, datatype, language): (Value<'a>, Option<&str>, Option<&str>),
        graph: &Graph,
    ) -> Result<(), FormatError> {
        if let (Value::Text(text), Some(tag)) = (value, language) {
            return self.in_language(name, property, (text, tag), graph);
        }
        let datatype = match datatype {
            None => None,
            Some(datatype) => match self.resource(datatype, true) {
                Some(Name::Iri(iri)) => Some(iri),
                _ => {
                    self.emitter.drop_value(&property.path, NO_IRI);
                    return Ok(());
                }
            },
        };
        self.typed(name, property, value, datatype.as_deref(), graph)
    }

    fn typed(
        &mut self,
        name: &Name,
        property: &Property,
        value: Value<'a>,
        datatype: Option<&str>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        let mut text = self.emitter.spare();
        let done = match lexical(value, datatype, &mut text) {
            Some(datatype) => self.send(name, &property.predicate, literal(&text, datatype), graph),
            None => Ok(()),
        };
        self.emitter.give_back(text);
        done
    }

    fn scalar(
        &mut self,
        name: &Name,
        property: &Property,
        value: Value<'a>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        match (value, &property.coercion) {
            (Value::Text(text), Coercion::Id | Coercion::Vocab) => {
                match self.resource(text, property.coercion == Coercion::Vocab) {
                    Some(node) => self.refer(name, &property.predicate, node, graph),
                    None => {
                        self.emitter.drop_value(&property.path, NO_IRI);
                        Ok(())
                    }
                }
            }
            (Value::Text(text), Coercion::None) => match &property.language {
                Some(tag) => self.in_language(name, property, (text, tag), graph),
                None => self.send(name, &property.predicate, Term::Plain(text), graph),
            },
            (Value::Text(text), Coercion::Type(datatype)) => {
                self.send(name, &property.predicate, literal(text, datatype), graph)
            }
            (value, Coercion::Type(datatype)) => self.typed(name, property, value, Some(datatype), graph),
            (value, _) => self.typed(name, property, value, None, graph),
        }
    }

    fn says_something(&mut self, item: Value<'a>) -> bool {
        match item {
            Value::Null | Value::Masked(_) => false,
            Value::Object(object) => match self.emitter.plan(object, "").kind {
                Kind::Value { value, .. } => object.at(value).is_some_and(|value| !value.is_null()),
                _ => true,
            },
            _ => true,
        }
    }

    fn begin_list(
        &mut self,
        name: &Name,
        property: &Arc<Property>,
        items: Vec<Value<'a>>,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        let items: Vec<_> = items.into_iter().filter(|item| self.says_something(*item)).collect();
        if items.is_empty() {
            return self.send(name, &property.predicate, Term::Iri(names::NIL), graph);
        }
        let mut head = String::new();
        self.emitter.next_blank(&mut head);
        self.send(name, &property.predicate, Term::Blank(&head), graph)?;
        let property = Arc::new(property.cell());
        self.waiting.push_back(Task::List { items, property, head, graph: graph.clone() });
        Ok(())
    }

    fn list(
        &mut self,
        items: &[Value<'a>],
        property: &Arc<Property>,
        head: String,
        graph: &Graph,
    ) -> Result<(), FormatError> {
        let mut cell = Name::Blank(head);
        for (index, item) in items.iter().enumerate() {
            match item {
                // a list in a list
                Value::List(inner) => self.begin_list(&cell, property, inner.iter().collect(), graph)?,
                item => self.each(&cell, property, *item, graph)?,
            }
            if index + 1 == items.len() {
                return self.send(&cell, names::REST, Term::Iri(names::NIL), graph);
            }
            let next = self.unnamed();
            self.send(&cell, names::REST, next.term(), graph)?;
            cell = next;
        }
        Ok(())
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Whether it can stand behind `@` in every syntax.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A label that every syntax can write and that is never one of those made here (`n` and digits).
pub(super) fn safe_label(label: &str) -> String {
    let mut safe = String::with_capacity(label.len());
    let made = label.trim_start_matches('x');
    if made
        .strip_prefix('n')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    {
        safe.push('x');
    }
    if label.starts_with(['-', '.']) || label.is_empty() {
        safe.push('_');
    }
    for char in label.chars() {
        if char.is_alphanumeric() || matches!(char, '_' | '-') || (char == '.' && !label.ends_with('.')) {
            safe.push(char);
        } else {
            safe.push_str(&format!("_{:x}_", u32::from(char)));
        }
    }
    safe
}
