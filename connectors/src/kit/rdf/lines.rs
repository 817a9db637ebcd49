use super::{
    Nodes, Term,
    iri::is_absolute,
    names,
    scan::{Cursor, Lex, Syntax},
};
use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::{error::Reject, msg};
use std::borrow::Cow;

/// Reads N-Triples and N-Quads: a statement a line. A wrong line is refused and reading goes on.
pub(crate) struct Lines {
    nodes: Nodes,
    graphs: bool,
    partial: Vec<u8>,
    longest: usize,
    line: u64,
    /// Whether the line at hand is over-long and being passed over.
    skipping: bool,
}

impl Lines {
    /// A reader; `graphs` for N-Quads.
    pub(crate) fn new(graphs: bool, nodes: Nodes, limits: &Limits) -> Self {
        Self { nodes, graphs, partial: Vec::new(), longest: limits.record_bytes, line: 0, skipping: false }
    }

    /// Reads whole lines.
    fn lines(&mut self, mut bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        while !bytes.is_empty() {
            let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
            let (line, rest) = bytes.split_at(end);
            bytes = rest.strip_prefix(b"\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
            self.line += 1;
            if !std::mem::take(&mut self.skipping) {
                self.line(line, out)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let Ok(text) = std::str::from_utf8(line) else {
            let raw = String::from_utf8_lossy(line).into_owned();
            out.reject(Some(raw), Reject::new(msg!("this line is not UTF-8 text")).at(self.line, 1));
            return Ok(());
        };
        match statement(text, self.graphs) {
            Ok(None) => Ok(()),
            Ok(Some(found)) => {
                self.nodes.enter(found.subject.term(), found.graph.as_ref().map(Part::term), out)?;
                self.nodes.property(&found.predicate, out)?;
                self.nodes.object(found.object.term(), out)
            }
            Err(Syntax { at, message }) => {
                let column = text.get(..at).map_or(0, |before| before.chars().count() + 1);
                out.reject(Some(text.to_owned()), Reject::new(message).at(self.line, column as u64));
                Ok(())
            }
        }
    }

    fn over_long(&mut self, out: &mut Decoded) {
        if !self.skipping {
            self.skipping = true;
            let message =
                msg!("a line longer than {limit} bytes (limit `record_bytes`)", limit = self.longest);
            out.reject(None, Reject::new(message).at(self.line + 1, 1));
        }
        self.partial.clear();
    }
}

impl Decoder for Lines {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        // only line feeds cut here: a carriage return at the very end may have its line feed to come
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            self.partial.extend_from_slice(bytes);
            if self.partial.len() > self.longest {
                self.over_long(out);
            }
            return Ok(());
        };
        let (mut whole, rest) = bytes.split_at(last + 1);
        if !self.partial.is_empty() {
            let first = memchr::memchr(b'\n', whole).map_or(whole.len(), |at| at + 1);
            let (head, tail) = whole.split_at(first);
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(head);
            self.lines(&line, out)?;
            line.clear();
            self.partial = line;
            whole = tail;
        }
        self.lines(whole, out)?;
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let rest = std::mem::take(&mut self.partial);
        self.lines(&rest, out)?;
        self.nodes.finish(out)
    }
}

struct Statement<'a> {
    subject: Part<'a>,
    predicate: Cow<'a, str>,
    object: Part<'a>,
    graph: Option<Part<'a>>,
}

enum Part<'a> {
    Iri(Cow<'a, str>),
    Blank(&'a str),
    Literal(Cow<'a, str>, Kind<'a>),
}

enum Kind<'a> {
    Plain,
    Language(&'a str),
    Typed(Cow<'a, str>),
}

impl Part<'_> {
    fn term(&self) -> Term<'_> {
        match self {
            Part::Iri(iri) => Term::Iri(iri),
            Part::Blank(label) => Term::Blank(label),
            Part::Literal(value, Kind::Plain) => Term::Plain(value),
            Part::Literal(value, Kind::Language(tag)) => Term::Language(value, tag),
            Part::Literal(value, Kind::Typed(datatype)) if datatype == names::STRING => Term::Plain(value),
            Part::Literal(value, Kind::Typed(datatype)) => Term::Typed(value, datatype),
        }
    }
}

fn statement(text: &str, graphs: bool) -> Lex<Option<Statement<'_>>> {
    let mut cursor = Cursor::new(text);
    cursor.blanks();
    if matches!(cursor.peek(), None | Some(b'#')) {
        return Ok(None);
    }
    let subject = resource(&mut cursor)?;
    cursor.blanks();
    let predicate = absolute(&mut cursor)?;
    cursor.blanks();
    let object = if cursor.peek() == Some(b'"') { literal(&mut cursor)? } else { resource(&mut cursor)? };
    cursor.blanks();
    let graph = match cursor.peek() {
        Some(b'<' | b'_') if graphs => Some(resource(&mut cursor)?),
        _ => None,
    };
    cursor.blanks();
    if !cursor.eat(b'.') {
        return cursor
            .error(msg!("expected `.` at the end of the statement, found {found}", found = cursor.found()));
    }
    cursor.blanks();
    if !matches!(cursor.peek(), None | Some(b'#')) {
        return cursor.error(msg!(
            "one statement a line: expected nothing after `.`, found {found}",
            found = cursor.found()
        ));
    }
    Ok(Some(Statement { subject, predicate, object, graph }))
}

fn absolute<'a>(cursor: &mut Cursor<'a>) -> Lex<Cow<'a, str>> {
    let start = *cursor;
    let iri = cursor.iri()?;
    if is_absolute(&iri) {
        Ok(iri)
    } else {
        start.error(msg!("the IRI `{iri}` has no scheme such as `https:`", iri = iri.as_ref()))
    }
}

fn resource<'a>(cursor: &mut Cursor<'a>) -> Lex<Part<'a>> {
    match cursor.peek() {
        Some(b'<') => absolute(cursor).map(Part::Iri),
        Some(b'_') => cursor.blank_label().map(Part::Blank),
        _ => cursor.error(msg!("expected an IRI or a blank node, found {found}", found = cursor.found())),
    }
}

fn literal<'a>(cursor: &mut Cursor<'a>) -> Lex<Part<'a>> {
    let value = cursor.short_string(b'"')?;
    let kind = match cursor.peek() {
        Some(b'@') => Kind::Language(cursor.language()?),
        Some(b'^') if cursor.peek_at(1) == Some(b'^') => {
            cursor.skip(2);
            Kind::Typed(absolute(cursor)?)
        }
        _ => Kind::Plain,
    };
    Ok(Part::Literal(value, kind))
}
