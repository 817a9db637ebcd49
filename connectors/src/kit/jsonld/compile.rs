use super::terms::{Coercion, Container, Definition, KEYWORDS, Terms, is_keyword_like};
use crate::kit::rdf::{Base, is_absolute};
use bus_core::{Message, msg};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};

/// What is wrong with a context, and in which term; empty where it is no term's fault.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextProblem {
    /// The term.
    pub term: String,
    /// Whether it is only that a context stands on the web.
    pub remote: bool,
    /// What is wrong and what to do.
    pub message: Message,
}

type Made<T> = Result<T, ContextProblem>;

fn problem<T>(term: &str, message: Message) -> Made<T> {
    Err(ContextProblem { term: term.to_owned(), remote: false, message })
}

/// Reads a context: JSON-LD 1.1 API, 4.1 context processing, without fetching anything.
pub(super) fn compile(context: &Json, base: Option<&str>) -> Made<Terms> {
    let base = match base {
        Some(base) => match Base::parse(base) {
            Some(base) => base,
            None => return problem("", msg!("`{iri}` is not an absolute IRI", iri = base)),
        },
        None => Base::default(),
    };
    let mut terms = Terms { base: base.clone(), ..Terms::default() };
    add(&mut terms, context, &base)?;
    Ok(terms)
}

fn add(terms: &mut Terms, context: &Json, document: &Base) -> Made<()> {
    match context {
        Json::Null => {
            *terms = Terms { base: document.clone(), rare: terms.rare, ..Terms::default() };
            Ok(())
        }
        Json::Array(contexts) => contexts.iter().try_for_each(|context| add(terms, context, document)),
        Json::Object(local) => Local { local, done: FxHashMap::default() }.add(terms),
        Json::String(url) => {
            let message = msg!(
                "the context {url} is on the web, and contexts are not fetched: write it in the workflow or give it as a file",
                url = url
            );
            Err(ContextProblem { term: String::new(), remote: true, message })
        }
        Json::Bool(_) | Json::Number(_) => {
            problem("", msg!("a context is an object, a list of objects or null"))
        }
    }
}

/// One context object while its terms are defined.
struct Local<'a> {
    local: &'a Map<String, Json>,
    /// Terms begun (`false`) and done.
    done: FxHashMap<&'a str, bool>,
}

impl<'a> Local<'a> {
    fn add(mut self, terms: &mut Terms) -> Made<()> {
        self.settings(terms)?;
        for term in self.local.keys() {
            if !term.starts_with('@') || !is_keyword_like(term) || term == "@type" {
                self.define(term, terms)?;
            } else if !matches!(
                term.as_str(),
                "@base"
                    | "@vocab"
                    | "@language"
                    | "@version"
                    | "@import"
                    | "@propagate"
                    | "@protected"
                    | "@direction"
            ) && KEYWORDS.contains(&term.as_str())
            {
                return problem(term, msg!("a keyword cannot be given another meaning"));
            }
        }
        Ok(())
    }

    /// `@version`, `@base`, `@vocab`, `@language` and what needs the full processor.
    fn settings(&mut self, terms: &mut Terms) -> Made<()> {
        if let Some(version) = self.local.get("@version")
            && version.as_f64() != Some(1.1)
        {
            return problem("@version", msg!("the version is 1.1, a number"));
        }
        for rare in ["@import", "@propagate", "@direction", "@protected"] {
            terms.rare |= self.local.contains_key(rare);
        }
        match self.local.get("@base") {
            None => {}
            Some(Json::Null) => terms.base = Base::default(),
            Some(Json::String(iri)) => {
                let mut absolute = String::new();
                let base = terms.base.resolve(iri, &mut absolute).then(|| Base::parse(&absolute)).flatten();
                match base {
                    Some(base) => terms.base = base,
                    None if iri.is_empty() => {}
                    None => return problem("@base", msg!("`{iri}` is not an absolute IRI", iri = iri)),
                }
            }
            Some(_) => return problem("@base", msg!("this must be text or null")),
        }
        match self.local.get("@vocab") {
            None => {}
            Some(Json::Null) => terms.vocabulary = None,
            Some(Json::String(iri)) => {
                let mut vocabulary = String::new();
                let known = terms.expand(iri, true, true, &mut vocabulary)
                    && (is_absolute(&vocabulary) || vocabulary.starts_with("_:"));
                if !known {
                    return problem("@vocab", msg!("`{iri}` is not an absolute IRI", iri = iri));
                }
                terms.vocabulary = Some(vocabulary);
            }
            Some(_) => return problem("@vocab", msg!("this must be text or null")),
        }
        match self.local.get("@language") {
            None => {}
            Some(Json::Null) => terms.language = None,
            Some(Json::String(tag)) => terms.language = Some(tag.clone()),
            Some(_) => return problem("@language", msg!("this must be text or null")),
        }
        Ok(())
    }

    /// JSON-LD 1.1 API, 4.2 create term definition.
    fn define(&mut self, term: &'a str, terms: &mut Terms) -> Made<()> {
        match self.done.get(term) {
            Some(true) => return Ok(()),
            Some(false) => return problem(term, msg!("the meaning of this term leads back to itself")),
            None => {}
        }
        let Some(value) = self.local.get(term) else { return Ok(()) };
        if term.is_empty() {
            return problem(term, msg!("a term cannot be empty"));
        }
        self.done.insert(term, false);
        terms.terms.remove(term);
        let id = match value {
            Json::Object(entry) => entry.get("@id").or_else(|| entry.get("@reverse")),
            value => Some(value),
        };
        if id.and_then(Json::as_str).is_some_and(|id| is_keyword_like(id) && !KEYWORDS.contains(&id)) {
            // kept for versions to come: as if the term were not there
            self.done.insert(term, true);
            return Ok(());
        }
        let definition = match value {
            Json::Object(entry) if term == "@type" && entry.get("@container") == Some(&"@set".into()) => {
                Definition::default()
            }
            _ if term == "@type" => return problem(term, msg!("a keyword cannot be given another meaning")),
            Json::Null => Definition::default(),
            Json::String(iri) => self.simple(term, iri, terms)?,
            Json::Object(entry) => self.entry(term, entry, terms)?,
            Json::Bool(_) | Json::Number(_) | Json::Array(_) => {
                return problem(term, msg!("a term is defined by an IRI, an object or null"));
            }
        };
        terms.rare |= definition.rare;
        if term != "@type" {
            terms.terms.insert(term.into(), definition);
        }
        self.done.insert(term, true);
        Ok(())
    }

    fn simple(&mut self, term: &'a str, iri: &'a str, terms: &mut Terms) -> Made<Definition> {
        let Some(iri) = self.mapping(term, Some(iri), terms)? else { return Ok(Definition::default()) };
        let prefix = !term.contains([':', '/'])
            && (iri.ends_with([':', '/', '?', '#', '[', ']', '@']) || iri.starts_with("_:"));
        Ok(Definition { iri: Some(iri), prefix, ..Definition::default() })
    }

    fn entry(&mut self, term: &'a str, entry: &'a Map<String, Json>, terms: &mut Terms) -> Made<Definition> {
        let mut made = Definition::default();
        for (key, value) in entry {
            match (key.as_str(), value) {
                ("@id", Json::String(_) | Json::Null)
                | ("@type" | "@reverse", Json::String(_))
                | ("@language", Json::String(_) | Json::Null)
                | ("@prefix", Json::Bool(_))
                | ("@container", Json::String(_) | Json::Array(_) | Json::Null) => {}
                ("@context" | "@nest" | "@direction" | "@index" | "@protected", _) => made.rare = true,
                ("@id" | "@type" | "@reverse" | "@language" | "@prefix" | "@container", _) => {
                    return problem(term, msg!("`{key}` has a value of the wrong kind", key = key));
                }
                _ => return problem(term, msg!("`{key}` is not part of a term's definition", key = key)),
            }
        }
        if let Some(Json::String(iri)) = entry.get("@reverse") {
            made.rare = true;
            if entry.contains_key("@id") || entry.contains_key("@nest") {
                return problem(term, msg!("`@reverse` stands alone, without `@id` or `@nest`"));
            }
            made.iri = self.mapping(term, Some(iri), terms)?;
        } else {
            let id = match entry.get("@id") {
                Some(Json::Null) => return Ok(made),
                Some(Json::String(iri)) if iri != term => Some(iri.as_str()),
                _ => None,
            };
            made.iri = self.mapping(term, id, terms)?;
        }
        made.prefix = entry.get("@prefix") == Some(&Json::Bool(true));
        let keyword = made.iri.as_deref().is_some_and(|iri| iri.starts_with('@'));
        if entry.contains_key("@prefix") && (term.contains([':', '/']) || (made.prefix && keyword)) {
            return problem(term, msg!("this term cannot be a prefix"));
        }
        self.coercion(term, entry, terms, &mut made)?;
        container(term, entry, &mut made)?;
        Ok(made)
    }

    fn coercion(
        &mut self,
        term: &'a str,
        entry: &'a Map<String, Json>,
        terms: &mut Terms,
        made: &mut Definition,
    ) -> Made<()> {
        match entry.get("@type") {
            Some(Json::String(datatype)) => {
                self.needed(datatype, terms)?;
                let mut iri = String::new();
                terms.expand(datatype, true, false, &mut iri);
                made.coercion = match iri.as_str() {
                    "@id" => Coercion::Id,
                    "@vocab" => Coercion::Vocab,
                    "@none" => Coercion::None,
                    "@json" => {
                        made.rare = true;
                        Coercion::None
                    }
                    iri if is_absolute(iri) => Coercion::Type(iri.to_owned()),
                    _ => {
                        return problem(
                            term,
                            msg!(
                                "the type `{datatype}` is not an IRI: write it in full or declare its prefix",
                                datatype = datatype
                            ),
                        );
                    }
                };
            }
            _ => match entry.get("@language") {
                Some(Json::String(tag)) => made.language = Some(Some(tag.clone())),
                Some(Json::Null) => made.language = Some(None),
                _ => {}
            },
        }
        Ok(())
    }

    /// Defines first what the value is made of.
    fn needed(&mut self, value: &'a str, terms: &mut Terms) -> Made<()> {
        for name in [
            Some(value),
            value.split_once(':').filter(|(_, rest)| !rest.starts_with("//")).map(|(prefix, _)| prefix),
        ]
        .into_iter()
        .flatten()
        {
            if let Some((name, _)) = self.local.get_key_value(name)
                && self.done.get(name.as_str()) != Some(&true)
                && !name.starts_with('@')
            {
                self.define(name, terms)?;
            }
        }
        Ok(())
    }

    /// The IRI or keyword a term stands for; `None` if it stands for nothing.
    fn mapping(&mut self, term: &'a str, id: Option<&'a str>, terms: &mut Terms) -> Made<Option<String>> {
        let mut iri = String::new();
        if let Some(id) = id.filter(|id| *id != term) {
            if is_keyword_like(id) && !KEYWORDS.contains(&id) {
                return Ok(None);
            }
            self.needed(id, terms)?;
            let known = terms.expand(id, true, false, &mut iri);
            if !known {
                return Ok(None);
            }
            let good = KEYWORDS.contains(&iri.as_str()) || iri.starts_with("_:") || is_absolute(&iri);
            if term.get(1..).is_some_and(|rest| rest.contains(':')) || term.contains('/') {
                let own = self.own_meaning(term, terms)?;
                if own.as_deref() != Some(iri.as_str()) {
                    return problem(term, msg!("a term that looks like an IRI cannot stand for another one"));
                }
            }
            if iri == "@context" || !good {
                return problem(
                    term,
                    msg!("`{iri}` is not an IRI: write it in full or declare its prefix", iri = id),
                );
            }
            return Ok(Some(iri));
        }
        match self.own_meaning(term, terms)? {
            None if term != "@type" => {
                problem(term, msg!("this term has no IRI: give it an `@id`, or the context a `@vocab`"))
            }
            own => Ok(own),
        }
    }

    /// What a term stands for by its form alone.
    fn own_meaning(&mut self, term: &'a str, terms: &mut Terms) -> Made<Option<String>> {
        if let Some((prefix, suffix)) = term.split_once(':').filter(|(prefix, _)| !prefix.is_empty()) {
            if let Some((name, _)) = self.local.get_key_value(prefix)
                && self.done.get(name.as_str()) != Some(&true)
            {
                self.define(name, terms)?;
            }
            return Ok(Some(match terms.terms.get(prefix).and_then(|known| known.iri.as_ref()) {
                Some(start) => format!("{start}{suffix}"),
                None => term.to_owned(),
            }));
        }
        Ok(terms.vocabulary.as_ref().map(|vocabulary| format!("{vocabulary}{term}")))
    }
}

fn container(term: &str, entry: &Map<String, Json>, made: &mut Definition) -> Made<()> {
    let names: Vec<&Json> = match entry.get("@container") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Array(names)) => names.iter().collect(),
        Some(name) => vec![name],
    };
    let reverse = entry.contains_key("@reverse");
    for name in names {
        match name.as_str() {
            Some("@set") => {}
            Some("@list") if !reverse => made.container = Container::List,
            Some("@language") if !reverse => made.container = Container::Language,
            Some("@index") => made.container = Container::Index,
            Some("@graph" | "@id" | "@type") if !reverse => made.rare = true,
            _ => {
                return problem(
                    term,
                    msg!("`{name}` is not a container this term can have", name = name.to_string()),
                );
            }
        }
    }
    Ok(())
}
