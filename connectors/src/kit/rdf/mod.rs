//! RDF: terms, the text syntaxes read and written, node objects grouped by subject.
//!
//! Reading and writing meet in two small doors: parsers tell [`Nodes`] what they see, which makes
//! records of it; [`super::jsonld`] turns records into quads and hands them to a [`QuadSink`].

mod compact;
mod context;
mod encoder;
mod iri;
mod lines;
mod naming;
mod node_writer;
mod nodes;
mod scan;
mod staging;
mod term;
mod terse;
mod terse_text;
#[cfg(test)]
mod tests;
mod turtle;
mod writers;
mod xml_reader;
mod xml_writer;

pub(crate) use compact::Prefixes;
pub(crate) use encoder::RdfEncoder;
pub(crate) use iri::{Base, is_absolute, is_iri, is_iri_byte, is_strict_iri};
pub(crate) use lines::Lines;
pub use naming::Prefix;
pub(crate) use naming::{Naming, nodes};
pub(crate) use nodes::Nodes;
pub use term::{Quad, QuadSink, Term};
pub(crate) use turtle::Turtle;
pub use writers::LineWriter;
pub(crate) use writers::TerseWriter;
pub(crate) use xml_reader::XmlReader;
pub(crate) use xml_writer::XmlWriter;

/// `rdf:` and `xsd:` names that the codecs treat by themselves.
pub(crate) mod names {
    pub(crate) const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
    pub(crate) const FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
    pub(crate) const REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
    pub(crate) const NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";
    pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
    pub(crate) const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
    pub(crate) const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
    pub(crate) const DECIMAL: &str = "http://www.w3.org/2001/XMLSchema#decimal";
    pub(crate) const DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
    pub(crate) const FLOAT: &str = "http://www.w3.org/2001/XMLSchema#float";
    pub(crate) const BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
    pub(crate) const DATE: &str = "http://www.w3.org/2001/XMLSchema#date";
    pub(crate) const DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";
    pub(crate) const BASE64: &str = "http://www.w3.org/2001/XMLSchema#base64Binary";
}

/// How sure one can be that bytes are Turtle.
pub(crate) fn looks_like_turtle(start: &[u8]) -> u8 {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let begins = |word: &[u8]| start.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    if begins(b"@prefix") || begins(b"@base") {
        95
    } else if begins(b"PREFIX ") || begins(b"BASE ") {
        70
    } else {
        0
    }
}

/// How sure one can be that bytes are RDF/XML.
pub(crate) fn looks_like_rdfxml(start: &[u8]) -> u8 {
    let begins = start.trim_ascii_start().starts_with(b"<");
    if begins && memchr::memmem::find(start, b"<rdf:RDF").is_some() { 95 } else { 0 }
}
