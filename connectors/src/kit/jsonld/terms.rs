use crate::kit::rdf::{Base, is_absolute};
use rustc_hash::FxHashMap;

/// The keywords of JSON-LD 1.1.
pub(super) const KEYWORDS: &[&str] = &[
    "@base",
    "@container",
    "@context",
    "@default",
    "@direction",
    "@graph",
    "@id",
    "@import",
    "@included",
    "@index",
    "@json",
    "@language",
    "@list",
    "@nest",
    "@none",
    "@prefix",
    "@propagate",
    "@protected",
    "@reverse",
    "@set",
    "@type",
    "@value",
    "@version",
    "@vocab",
];

/// Whether the text looks like a keyword, present or future.
pub(super) fn is_keyword_like(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// What a term of a context means.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Definition {
    /// An IRI, a blank node, or a keyword this is another name of; `None` for a term said to mean nothing.
    pub(super) iri: Option<String>,
    pub(super) coercion: Coercion,
    /// `Some(None)` for text without a language whatever the context says.
    pub(super) language: Option<Option<String>>,
    pub(super) container: Container,
    /// Whether it may stand before the colon of a compact IRI.
    pub(super) prefix: bool,
    /// Whether it uses what only the full processor knows: scoped contexts, nesting, text directions.
    pub(super) rare: bool,
}

/// What text under a term is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Coercion {
    #[default]
    None,
    Id,
    Vocab,
    Type(String),
}

/// How several values are held.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Container {
    #[default]
    None,
    List,
    Language,
    Index,
}

/// An active context: what terms and names mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) terms: FxHashMap<Box<str>, Definition>,
    pub(super) vocabulary: Option<String>,
    pub(super) base: Base,
    pub(super) language: Option<String>,
    /// Whether any of it needs the full processor.
    pub(super) rare: bool,
}

impl Terms {
    /// Writes what `value` stands for; `false` (and nothing) if it stands for nothing.
    ///
    /// `vocabulary` for properties and types; `document` for what is relative to the base. See JSON-LD 1.1
    /// API, 5.2 IRI expansion.
    pub(super) fn expand(&self, value: &str, vocabulary: bool, document: bool, out: &mut String) -> bool {
        if value.starts_with('@') && is_keyword_like(value) {
            let known = KEYWORDS.contains(&value);
            if known {
                out.push_str(value);
            }
            return known;
        }
        if vocabulary && let Some(known) = self.terms.get(value) {
            return known.iri.as_ref().map(|iri| out.push_str(iri)).is_some();
        }
        if let Some((prefix, suffix)) = value.split_once(':')
            && !prefix.is_empty()
        {
            if prefix == "_" || suffix.starts_with("//") {
                out.push_str(value);
                return true;
            }
            if let Some(Definition { iri: Some(iri), prefix: true, .. }) = self.terms.get(prefix) {
                out.push_str(iri);
                out.push_str(suffix);
                return true;
            }
            if is_absolute(value) {
                out.push_str(value);
                return true;
            }
        }
        if vocabulary && let Some(start) = &self.vocabulary {
            out.push_str(start);
            out.push_str(value);
            return true;
        }
        if document {
            return self.base.resolve(value, out);
        }
        out.push_str(value);
        true
    }
}
