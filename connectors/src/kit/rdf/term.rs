use crate::contract::FormatError;

/// An RDF term, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term<'a> {
    /// An absolute IRI, without angle brackets.
    Iri(&'a str),
    /// A blank node by its label, without `_:`.
    Blank(&'a str),
    /// A literal of type `xsd:string`.
    Plain(&'a str),
    /// Text in a language: the text, then the language tag.
    Language(&'a str, &'a str),
    /// A literal of another type: the lexical form, then the IRI of the type.
    Typed(&'a str, &'a str),
}

/// A triple, and the named graph it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quad<'a> {
    /// An IRI or a blank node.
    pub subject: Term<'a>,
    /// The IRI of the property.
    pub predicate: &'a str,
    /// What is said.
    pub object: Term<'a>,
    /// An IRI or a blank node; `None` for the default graph.
    pub graph: Option<Term<'a>>,
}

/// Takes quads one after the other.
pub trait QuadSink {
    /// Takes one.
    ///
    /// # Errors
    /// When it cannot be written at all.
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError>;
}

impl<F: FnMut(&Quad<'_>) -> Result<(), FormatError>> QuadSink for F {
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError> {
        self(quad)
    }
}
