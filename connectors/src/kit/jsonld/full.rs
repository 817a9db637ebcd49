use super::work::safe_label;
use crate::{
    contract::FormatError,
    kit::rdf::{Quad, QuadSink, Term},
};
use bus_core::msg;
use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdf::{GraphName, NamedOrBlankNode, Term as OxTerm};
use serde_json::{Map, Value as Json};
use std::{
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

/// Gives contexts by their address, where a caller has them (tests, bundled copies).
pub type Loader = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Sends the quads of one record to `sink`, by the algorithms of the standard as they are.
pub(super) fn convert(
    record: &Json,
    context: Option<&Json>,
    (base, loader): (Option<&str>, Option<&Loader>),
    sink: &mut dyn QuadSink,
) -> Result<(), FormatError> {
    let document = match (record, context) {
        (Json::Object(fields), Some(context)) => with_context(fields, context),
        _ => record.clone(),
    };
    let text = document.to_string();
    let mut parser = JsonLdParser::new();
    if let Some(base) = base {
        parser = parser
            .with_base_iri(base)
            .map_err(|_| FormatError::new(msg!("`{iri}` is not an absolute IRI", iri = base)))?;
    }
    let loader = loader.cloned();
    let quads = parser.for_reader(text.as_bytes()).with_load_document_callback(move |url, _| {
        let document = loader.as_ref().and_then(|loader| loader(url)).ok_or_else(|| {
            msg!("the context {url} is on the web, and contexts are not fetched: write it in the workflow or give it as a file", url = url)
                .to_string()
        })?;
        Ok(JsonLdRemoteDocument { document, document_url: url.to_owned() })
    });
    for quad in quads {
        let quad = quad.map_err(|error| {
            FormatError::new(msg!("not valid JSON-LD: {problem}", problem = error.to_string()))
        })?;
        send(&quad, &mut relabelled(sink))?;
    }
    Ok(())
}

/// Writes the labels of blank nodes as plans do, so that a node keeps one label on both ways.
fn relabelled(sink: &mut dyn QuadSink) -> impl QuadSink {
    |quad: &Quad<'_>| {
        let label = |term: Term<'_>| match term {
            Term::Blank(label) => Some(safe_label(label)),
            _ => None,
        };
        let (subject, object) = (label(quad.subject), label(quad.object));
        let graph = quad.graph.and_then(label);
        sink.quad(&Quad {
            subject: subject.as_deref().map_or(quad.subject, Term::Blank),
            object: object.as_deref().map_or(quad.object, Term::Blank),
            graph: graph.as_deref().map(Term::Blank).or(quad.graph),
            ..*quad
        })
    }
}

fn with_context(fields: &Map<String, Json>, context: &Json) -> Json {
    let mut document = Map::new();
    let own = fields.get("@context");
    let context = match own {
        Some(own) => joined(context, own),
        None => context.clone(),
    };
    document.insert("@context".to_owned(), context);
    document.extend(
        fields.iter().filter(|(key, _)| *key != "@context").map(|(key, value)| (key.clone(), value.clone())),
    );
    Json::Object(document)
}

/// Both contexts, one after the other.
pub(super) fn joined(first: &Json, second: &Json) -> Json {
    let parts = [first, second].into_iter().flat_map(|part| match part {
        Json::Array(parts) => parts.clone(),
        part => vec![part.clone()],
    });
    Json::Array(parts.collect())
}

/// Hands over a quad of the oxrdf family.
pub(crate) fn send(quad: &oxrdf::Quad, sink: &mut dyn QuadSink) -> Result<(), FormatError> {
    let graph = match &quad.graph_name {
        GraphName::NamedNode(node) => Some(Term::Iri(node.as_str())),
        GraphName::BlankNode(node) => Some(Term::Blank(node.as_str())),
        GraphName::DefaultGraph => None,
    };
    let subject = match &quad.subject {
        NamedOrBlankNode::NamedNode(node) => Term::Iri(node.as_str()),
        NamedOrBlankNode::BlankNode(node) => Term::Blank(node.as_str()),
    };
    sink.quad(&Quad { subject, predicate: quad.predicate.as_str(), object: term(&quad.object), graph })
}

fn term(term: &OxTerm) -> Term<'_> {
    match term {
        OxTerm::NamedNode(node) => Term::Iri(node.as_str()),
        OxTerm::BlankNode(node) => Term::Blank(node.as_str()),
        OxTerm::Literal(literal) => match literal.language() {
            Some(tag) => Term::Language(literal.value(), tag),
            None => super::literal::literal(literal.value(), literal.datatype().as_str()),
        },
        #[expect(unreachable_patterns, reason = "quoted triples exist when another crate turns RDF 1.2 on")]
        _ => Term::Blank("quoted"),
    }
}
