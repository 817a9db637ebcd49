use super::{Nodes, Term};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::jsonld,
};
use bus_core::msg;
use oxrdf::{BlankNode, NamedOrBlankNode, Triple};
use oxrdfxml::RdfXmlParser;
use rustc_hash::FxHashMap;

/// Reads RDF/XML. The document is kept whole: its parser works on a slice.
pub(crate) struct XmlReader {
    nodes: Nodes,
    base: Option<String>,
    document: Vec<u8>,
    most: usize,
}

impl XmlReader {
    pub(crate) fn new(base: Option<String>, nodes: Nodes, limits: &Limits) -> Self {
        Self { nodes, base, document: Vec::new(), most: limits.document_bytes }
    }
}

impl Decoder for XmlReader {
    fn push(&mut self, bytes: &[u8], _: &mut Decoded) -> Result<(), FormatError> {
        self.document.extend_from_slice(bytes);
        if self.document.len() > self.most {
            return Err(FormatError::new(msg!(
                "an RDF/XML document longer than {limit} bytes (limit `document_bytes`)",
                limit = self.most
            )));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let document = std::mem::take(&mut self.document);
        let mut parser = RdfXmlParser::new();
        if let Some(base) = &self.base {
            parser = parser
                .with_base_iri(base)
                .map_err(|_| FormatError::new(msg!("`{iri}` is not an absolute IRI", iri = base)))?;
        }
        let mut triples = parser.for_slice(&document);
        let mut known = 0;
        let mut labels = Labels::default();
        while let Some(triple) = triples.next() {
            let triple = triple.map_err(|error| {
                let at = usize::try_from(triples.buffer_position()).unwrap_or(usize::MAX);
                let (line, column) = place(&document, at);
                FormatError::at(line, column, msg!("{problem}", problem = error.to_string()))
            })?;
            let triple = labels.of(triple);
            let count = triples.prefixes().count();
            if count != known {
                known = count;
                let prefixes: Vec<_> =
                    triples.prefixes().map(|(name, iri)| (name.to_owned(), iri.to_owned())).collect();
                for (name, iri) in prefixes.iter().filter(|(name, _)| name != "xml" && name != "xmlns") {
                    self.nodes.prefix(name, iri, out)?;
                }
            }
            let nodes = &mut self.nodes;
            let mut sink = |quad: &super::Quad<'_>| {
                nodes.enter(quad.subject, None::<Term<'_>>, out)?;
                nodes.property(quad.predicate, out)?;
                nodes.object(quad.object, out)
            };
            jsonld::send(&triple.in_graph(oxrdf::GraphName::DefaultGraph), &mut sink)?;
        }
        self.nodes.finish(out)
    }
}

/// Labels for nodes that have none in the document, in the order they come: the parser's own are by chance.
#[derive(Default)]
struct Labels(FxHashMap<u128, BlankNode>);

impl Labels {
    fn of(&mut self, mut triple: Triple) -> Triple {
        if let NamedOrBlankNode::BlankNode(node) = &mut triple.subject {
            self.name(node);
        }
        if let oxrdf::Term::BlankNode(node) = &mut triple.object {
            self.name(node);
        }
        triple
    }

    fn name(&mut self, node: &mut BlankNode) {
        let Some(chance) = node.as_ref().unique_id() else { return };
        let next = self.0.len() + 1;
        let label = self.0.entry(chance).or_insert_with(|| BlankNode::new_unchecked(format!("genid{next}")));
        node.clone_from(label);
    }
}

fn place(text: &[u8], at: usize) -> (u64, u64) {
    let before = text.get(..at).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let column =
        before.get(start..).unwrap_or_default().iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
    (line, column as u64 + 1)
}
