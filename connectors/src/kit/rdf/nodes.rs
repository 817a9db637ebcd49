use super::{
    Term,
    compact::Prefixes,
    context::Growing,
    node_writer::{Writer, key},
    staging::Staging,
};
use crate::contract::{Decoded, FormatError, Limits};
use bus_core::{msg, record::BatchBuilder};

/// Makes records of triples: those of one subject that follow each other become one node object.
///
/// `@id` and `@type`, properties under their compact names, numbers, booleans and times as values, other
/// literals as their context entry or a value object says; nodes and lists that were written inside
/// their subject stand inside it. A node of a named graph becomes `{"@id": graph, "@graph": node}`. The
/// context that says so is set on every batch, so that the records are the same triples again.
#[derive(Debug)]
pub(crate) struct Nodes {
    context: Growing,
    staging: Staging,
    subject: Id,
    graph: Id,
    short: String,
    depth: usize,
    fields: usize,
    bytes: usize,
}

/// Which node is being staged; keeps its buffer.
#[derive(Debug, Default)]
struct Id {
    kind: IdKind,
    text: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum IdKind {
    #[default]
    None,
    Iri,
    Blank,
}

impl Id {
    fn is(&self, term: Option<Term<'_>>) -> bool {
        match term {
            Some(Term::Iri(iri)) => self.kind == IdKind::Iri && self.text == iri,
            Some(Term::Blank(label)) => self.kind == IdKind::Blank && self.text == label,
            _ => self.kind == IdKind::None,
        }
    }

    fn set(&mut self, term: Option<Term<'_>>) {
        self.text.clear();
        self.kind = match term {
            Some(Term::Iri(iri)) => {
                self.text.push_str(iri);
                IdKind::Iri
            }
            Some(Term::Blank(label)) => {
                self.text.push_str(label);
                IdKind::Blank
            }
            _ => IdKind::None,
        };
    }
}

impl Nodes {
    /// Nothing yet, with these prefixes to begin with.
    pub(crate) fn new(prefixes: Prefixes, limits: &Limits) -> Self {
        Self {
            context: Growing::new(prefixes),
            staging: Staging::default(),
            subject: Id::default(),
            graph: Id::default(),
            short: String::new(),
            depth: limits.depth,
            fields: limits.fields,
            bytes: limits.record_bytes,
        }
    }

    /// Takes a prefix of the document.
    pub(crate) fn prefix(&mut self, name: &str, iri: &str, out: &mut Decoded) -> Result<(), FormatError> {
        self.flush(out)?;
        self.change(|prefixes| prefixes.set(name, iri), out);
        Ok(())
    }

    fn change(&mut self, change: impl Fn(&mut Prefixes) -> bool, out: &mut Decoded) {
        if self.context.would_change(&change) {
            self.cut(out);
            self.context.change(change);
        }
    }

    /// The triples to come have this subject, in this graph.
    pub(crate) fn enter(
        &mut self,
        subject: Term<'_>,
        graph: Option<Term<'_>>,
        out: &mut Decoded,
    ) -> Result<(), FormatError> {
        if self.staging.depth() == 1
            && self.subject.is(Some(subject))
            && self.graph.is(graph)
            && self.staging.size() < self.bytes.min(1 << 20)
            && self.staging.fields() < self.fields
        {
            return Ok(());
        }
        self.start(Some(subject), graph, out)
    }

    /// The triples to come have a subject of their own, without a name.
    pub(crate) fn enter_unnamed(
        &mut self,
        graph: Option<Term<'_>>,
        out: &mut Decoded,
    ) -> Result<(), FormatError> {
        self.start(None, graph, out)
    }

    fn start(
        &mut self,
        subject: Option<Term<'_>>,
        graph: Option<Term<'_>>,
        out: &mut Decoded,
    ) -> Result<(), FormatError> {
        self.flush(out)?;
        for term in [subject, graph].into_iter().flatten() {
            self.check(term, out);
        }
        self.subject.set(subject);
        self.graph.set(graph);
        self.staging.start();
        Ok(())
    }

    /// Names the property of the objects to come.
    pub(crate) fn property(&mut self, iri: &str, out: &mut Decoded) -> Result<(), FormatError> {
        self.check(Term::Iri(iri), out);
        let predicate = self.context.predicate(iri);
        self.staging.property(predicate);
        if self.staging.fields() > self.fields {
            return Err(FormatError::new(msg!(
                "a node with more than {limit} properties (limit `fields`)",
                limit = self.fields
            )));
        }
        Ok(())
    }

    /// An object of the current property, or the next item of the open list.
    pub(crate) fn object(&mut self, term: Term<'_>, out: &mut Decoded) -> Result<(), FormatError> {
        self.check(term, out);
        self.staging.object(term);
        if self.staging.size() > self.bytes.saturating_mul(2) {
            return Err(FormatError::new(msg!(
                "a node larger than {limit} bytes (limit `record_bytes`)",
                limit = self.bytes
            )));
        }
        Ok(())
    }

    /// Opens a node without a name as the object; [`Self::end`] closes it.
    pub(crate) fn begin_node(&mut self) -> Result<(), FormatError> {
        self.deeper()?;
        self.staging.begin_node();
        Ok(())
    }

    /// Opens a list as the object; [`Self::end`] closes it.
    pub(crate) fn begin_list(&mut self) -> Result<(), FormatError> {
        self.deeper()?;
        self.staging.begin_list();
        Ok(())
    }

    /// Closes the innermost node or list.
    pub(crate) fn end(&mut self) {
        self.staging.end();
    }

    fn deeper(&self) -> Result<(), FormatError> {
        if self.staging.depth() >= self.depth {
            return Err(FormatError::new(msg!(
                "nodes and lists nested deeper than {limit} (limit `depth`)",
                limit = self.depth
            )));
        }
        Ok(())
    }

    /// An IRI whose scheme is the name of a prefix would be read as a compact one: that prefix goes.
    fn check(&mut self, term: Term<'_>, out: &mut Decoded) {
        let (Term::Iri(iri) | Term::Typed(_, iri)) = term else { return };
        if !iri.starts_with("http") {
            self.change(|prefixes| prefixes.drop_confused(iri), out);
        }
    }

    /// Hands over what is left.
    pub(crate) fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.flush(out)?;
        self.cut(out);
        Ok(())
    }

    fn cut(&mut self, out: &mut Decoded) {
        out.builder().set_context(Some(self.context.context()));
        out.cut();
        if self.context.is_full() && self.staging.is_empty() {
            self.context.restart();
        }
    }

    fn flush(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        if self.staging.is_empty() {
            return Ok(());
        }
        let builder = out.builder();
        let in_graph = self.graph.kind != IdKind::None;
        builder.begin_object();
        if in_graph {
            write_id(&self.graph, &self.context, &mut self.short, builder)?;
            key(builder, "@graph")?;
            builder.begin_object();
        }
        if self.subject.kind != IdKind::None {
            write_id(&self.subject, &self.context, &mut self.short, builder)?;
        }
        let mut writer = Writer { staging: &self.staging, context: &mut self.context, builder };
        writer.properties(0)?;
        if in_graph {
            builder.end();
        }
        builder.end();
        self.staging.clear();
        if out.builder().is_full() || self.context.is_full() {
            self.cut(out);
        }
        Ok(())
    }
}

fn write_id(
    id: &Id,
    context: &Growing,
    short: &mut String,
    builder: &mut BatchBuilder,
) -> Result<(), FormatError> {
    key(builder, "@id")?;
    short.clear();
    match id.kind {
        IdKind::Iri => context.prefixes().compact(&id.text, false, short),
        IdKind::Blank | IdKind::None => {
            short.push_str("_:");
            short.push_str(&id.text);
        }
    }
    builder.text(short);
    Ok(())
}
