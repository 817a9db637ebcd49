use super::{
    Quad, QuadSink, Term,
    compact::Prefixes,
    names,
    scan::{is_name_char, is_name_start},
};
use crate::contract::FormatError;

/// Writes N-Triples and N-Quads.
#[derive(Debug, Default)]
pub struct LineWriter {
    /// What was written; taken by the encoder.
    pub out: Vec<u8>,
}

impl QuadSink for LineWriter {
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError> {
        let out = &mut self.out;
        write_term(quad.subject, out);
        out.extend_from_slice(b" <");
        out.extend_from_slice(quad.predicate.as_bytes());
        out.extend_from_slice(b"> ");
        write_term(quad.object, out);
        if let Some(graph) = quad.graph {
            out.push(b' ');
            write_term(graph, out);
        }
        out.extend_from_slice(b" .\n");
        Ok(())
    }
}

fn write_term(term: Term<'_>, out: &mut Vec<u8>) {
    match term {
        Term::Iri(iri) => write_iri(iri, out),
        Term::Blank(label) => {
            out.extend_from_slice(b"_:");
            out.extend_from_slice(label.as_bytes());
        }
        Term::Plain(value) => write_string(value, out),
        Term::Language(value, tag) => {
            write_string(value, out);
            out.push(b'@');
            out.extend_from_slice(tag.as_bytes());
        }
        Term::Typed(value, datatype) => {
            write_string(value, out);
            out.extend_from_slice(b"^^");
            write_iri(datatype, out);
        }
    }
}

fn write_iri(iri: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(iri.as_bytes());
    out.push(b'>');
}

fn write_string(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = value.as_bytes();
    // most text needs none of it, and many bytes are looked at together
    if rest.iter().fold(false, |any, byte| any | (*byte < b' ') | (*byte == b'"') | (*byte == b'\\')) {
        rest = write_escaped(rest, out);
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Writes all up to the last character that needs a backslash; gives the rest.
fn write_escaped<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t')) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        out.extend_from_slice(match tail.first() {
            Some(b'"') => b"\\\"",
            Some(b'\\') => b"\\\\",
            Some(b'\n') => b"\\n",
            Some(b'\r') => b"\\r",
            _ => b"\\t",
        });
        rest = tail.get(1..).unwrap_or_default();
    }
    rest
}

/// Writes Turtle and TriG as quads come: those of one subject that follow each other stand together.
#[derive(Debug, Default)]
pub(crate) struct TerseWriter {
    /// What was written; taken by the encoder.
    pub(crate) out: Vec<u8>,
    graphs: bool,
    prefixes: Prefixes,
    started: bool,
    graph: Option<Vec<u8>>,
    /// The subject of the open statement, as its own key.
    subject: Key,
    predicate: String,
    short: String,
}

/// Which node a statement is about; keeps its buffer.
#[derive(Debug, Default)]
struct Key {
    open: bool,
    blank: bool,
    text: String,
}

impl Key {
    fn is(&self, term: Term<'_>) -> bool {
        self.open
            && match term {
                Term::Iri(iri) => !self.blank && self.text == iri,
                Term::Blank(label) => self.blank && self.text == label,
                Term::Plain(_) | Term::Language(..) | Term::Typed(..) => false,
            }
    }

    fn set(&mut self, term: Term<'_>) {
        self.open = true;
        self.text.clear();
        if let Term::Iri(text) | Term::Blank(text) = term {
            self.text.push_str(text);
        }
        self.blank = matches!(term, Term::Blank(_));
    }
}

impl TerseWriter {
    /// A writer; `graphs` for TriG, else named graphs are the caller's to leave out.
    pub(crate) fn new(graphs: bool) -> Self {
        Self { graphs, ..Self::default() }
    }

    /// Takes prefixes (name and IRI, the empty name too) for what comes; declares those that are new.
    pub(crate) fn prefixes<'a>(&mut self, prefixes: impl Iterator<Item = (&'a str, &'a str)>) {
        let xsd = (!self.started).then_some(("xsd", names::XSD));
        for (name, iri) in xsd.into_iter().chain(prefixes) {
            if !is_prefix_name(name) || !super::is_iri(iri) || !self.prefixes.set(name, iri) {
                continue;
            }
            self.close_graph();
            self.out.extend_from_slice(b"@prefix ");
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b": ");
            write_iri(iri, &mut self.out);
            self.out.extend_from_slice(b" .\n");
        }
        self.started = true;
    }

    /// Ends the last statement.
    pub(crate) fn finish(&mut self) {
        self.close_graph();
    }

    fn close_statement(&mut self) {
        if std::mem::take(&mut self.subject.open) {
            self.out.extend_from_slice(b" .\n");
        }
    }

    fn close_graph(&mut self) {
        self.close_statement();
        if self.graph.take().is_some() {
            self.out.extend_from_slice(b"}\n");
        }
    }

    fn enter_graph(&mut self, graph: Option<Term<'_>>) {
        let mut name = Vec::new();
        if let Some(graph) = graph {
            self.term(graph, &mut name);
        }
        let wanted = graph.map(|_| name);
        if self.graph == wanted {
            return;
        }
        self.close_graph();
        if let Some(name) = &wanted {
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b" {\n");
        }
        self.graph = wanted;
    }

    fn term(&mut self, term: Term<'_>, out: &mut Vec<u8>) {
        match term {
            Term::Iri(iri) => self.iri(iri, out),
            Term::Typed(value, datatype) if is_short(value, datatype) => {
                out.extend_from_slice(value.as_bytes());
            }
            Term::Typed(value, datatype) => {
                write_string(value, out);
                out.extend_from_slice(b"^^");
                self.iri(datatype, out);
            }
            Term::Blank(_) | Term::Plain(_) | Term::Language(..) => write_term(term, out),
        }
    }

    fn iri(&mut self, iri: &str, out: &mut Vec<u8>) {
        self.short.clear();
        self.prefixes.compact(iri, true, &mut self.short);
        // without a colon it is a name of the vocabulary, whose prefix is empty
        let (prefix, local) = self.short.split_once(':').unwrap_or(("", &self.short));
        if self.short.len() < iri.len() && is_local_name(local) {
            out.extend_from_slice(prefix.as_bytes());
            out.push(b':');
            out.extend_from_slice(local.as_bytes());
        } else {
            write_iri(iri, out);
        }
    }
}

impl QuadSink for TerseWriter {
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError> {
        if self.graphs && (quad.graph.is_some() || self.graph.is_some()) {
            self.enter_graph(quad.graph);
        }
        let mut out = std::mem::take(&mut self.out);
        if self.subject.is(quad.subject) {
            if self.predicate == quad.predicate {
                out.extend_from_slice(b" , ");
                self.term(quad.object, &mut out);
                self.out = out;
                return Ok(());
            }
            out.extend_from_slice(b" ;\n\t");
        } else {
            if self.subject.open {
                out.extend_from_slice(b" .\n");
            }
            self.subject.set(quad.subject);
            self.term(quad.subject, &mut out);
            out.push(b' ');
        }
        if quad.predicate == names::TYPE {
            out.push(b'a');
        } else {
            self.iri(quad.predicate, &mut out);
        }
        self.predicate.clear();
        self.predicate.push_str(quad.predicate);
        out.push(b' ');
        self.term(quad.object, &mut out);
        self.out = out;
        Ok(())
    }
}

/// Whether the literal is written without quotation marks.
fn is_short(value: &str, datatype: &str) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let decimal = |text: &str| {
        text.split_once('.')
            .is_some_and(|(whole, fraction)| (whole.is_empty() || digits(whole)) && digits(fraction))
    };
    match datatype {
        names::BOOLEAN => matches!(value, "true" | "false"),
        names::INTEGER => digits(unsigned),
        names::DECIMAL => decimal(unsigned),
        names::DOUBLE => unsigned.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| {
            (digits(mantissa) || decimal(mantissa))
                && digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
        }),
        _ => false,
    }
}

/// Whether the name can stand before the colon.
fn is_prefix_name(name: &str) -> bool {
    name.is_empty()
        || (name.starts_with(is_name_start)
            && name.chars().all(|char| char == '.' || is_name_char(char))
            && !name.ends_with('.'))
}

/// Whether the name can stand after the colon as it is.
fn is_local_name(name: &str) -> bool {
    let first = |char: char| is_name_start(char) || char == '_' || char.is_ascii_digit();
    name.starts_with(first)
        && name.chars().all(|char| char == '.' || is_name_char(char))
        && !name.ends_with('.')
}
