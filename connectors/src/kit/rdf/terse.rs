use super::{
    Base, Nodes, Term, names,
    scan::{Cursor, is_name_char, is_name_start},
    terse_text::{Read, Text, local_name, number},
};
use crate::contract::Decoded;
use bus_core::msg;
use rustc_hash::FxHashMap;

/// The grammar of Turtle and TriG on whole statements; prefixes, base and the open graph go on from one
/// text to the next.
pub(super) struct Reader {
    graphs: bool,
    base: Base,
    prefixes: FxHashMap<Box<str>, String>,
    /// The graph whose braces are open.
    graph: Braces,
    /// The IRI read last.
    iri: String,
    /// Labels given to lists that stand as subjects, and to graphs without a name.
    given: u64,
}

#[derive(Debug, Default)]
enum Braces {
    #[default]
    Closed,
    Default,
    Iri(String),
    Blank(String),
}

impl Reader {
    pub(super) fn new(graphs: bool, base: Base) -> Self {
        Self {
            graphs,
            base,
            prefixes: FxHashMap::default(),
            graph: Braces::Closed,
            iri: String::new(),
            given: 0,
        }
    }

    /// Reads a text of whole statements; `last` when the document ends with it.
    pub(super) fn read(&mut self, text: &str, last: bool, nodes: &mut Nodes, out: &mut Decoded) -> Read<()> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut text = Text { cursor: Cursor::new(text), nodes, out };
        loop {
            text.space();
            if text.cursor.peek().is_none() {
                if last && !matches!(self.graph, Braces::Closed) {
                    text.expect(b'}')?;
                }
                return Ok(());
            }
            self.statement(&mut text)?;
        }
    }

    fn statement(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        if !matches!(self.graph, Braces::Closed) {
            return self.in_braces(text);
        }
        if text.cursor.peek() == Some(b'@') {
            let start = text.cursor;
            text.cursor.skip(1);
            let word = text.cursor.run(|byte| byte.is_ascii_alphabetic());
            match start.rest().get(1..=word) {
                Some("prefix") => self.prefix(text)?,
                Some("base") => self.set_base(text)?,
                _ => return Ok(start.error(msg!("expected `@prefix` or `@base`"))?),
            }
            return text.expect(b'.');
        }
        if text.keyword("prefix") {
            return self.prefix(text);
        }
        if text.keyword("base") {
            return self.set_base(text);
        }
        if self.graphs {
            if text.cursor.eat(b'{') {
                self.graph = Braces::Default;
                return Ok(());
            }
            if text.keyword("graph") {
                text.space();
                return self.named_graph(text);
            }
        }
        if self.triples(text, self.graphs)? {
            text.expect(b'.')?;
        }
        Ok(())
    }

    fn in_braces(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        if text.cursor.eat(b'}') {
            self.graph = Braces::Closed;
            return Ok(());
        }
        self.triples(text, false)?;
        text.space();
        if text.cursor.peek() == Some(b'}') { Ok(()) } else { text.expect(b'.') }
    }

    fn prefix(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        text.space();
        let start = text.cursor;
        if text.cursor.peek_char().is_some_and(is_name_start) {
            text.cursor.name_chars(is_name_char);
        }
        let name = text.cursor.since(start.at());
        if !text.cursor.eat(b':') {
            return Ok(
                start.error(msg!("expected a prefix such as `ex:`, found {found}", found = text.found()))?
            );
        }
        text.space();
        self.absolute(text)?;
        self.prefixes.insert(name.into(), self.iri.clone());
        let result = text.nodes.prefix(name, &self.iri, text.out);
        text.told(result)
    }

    fn set_base(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        text.space();
        let start = text.cursor;
        self.absolute(text)?;
        match Base::parse(&self.iri) {
            Some(base) => self.base = base,
            None => return Ok(start.error(msg!("`{iri}` is not an absolute IRI", iri = &self.iri))?),
        }
        Ok(())
    }

    fn named_graph(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        self.graph = match text.cursor.peek() {
            Some(b'_') => Braces::Blank(text.cursor.blank_label()?.to_owned()),
            Some(b'[') => {
                text.cursor.skip(1);
                text.expect(b']')?;
                Braces::Blank(self.give())
            }
            _ => {
                self.resource(text)?;
                Braces::Iri(self.iri.clone())
            }
        };
        text.expect(b'{')
    }

    fn give(&mut self) -> String {
        self.given += 1;
        format!("unnamed.{}", self.given)
    }

    fn enter(&self, text: &mut Text<'_, '_>, subject: Option<Term<'_>>) -> Read<()> {
        let graph = match &self.graph {
            Braces::Closed | Braces::Default => None,
            Braces::Iri(iri) => Some(Term::Iri(iri)),
            Braces::Blank(label) => Some(Term::Blank(label)),
        };
        let result = match subject {
            Some(subject) => text.nodes.enter(subject, graph, text.out),
            None => text.nodes.enter_unnamed(graph, text.out),
        };
        text.told(result)
    }

    /// A subject and what is said of it. `false` if it was the name of a graph, whose braces are open now.
    fn triples(&mut self, text: &mut Text<'_, '_>, or_graph: bool) -> Read<bool> {
        match text.cursor.peek() {
            Some(b'[') => {
                text.cursor.skip(1);
                text.space();
                if text.cursor.eat(b']') {
                    if or_graph && self.opens_braces(text) {
                        self.graph = Braces::Blank(self.give());
                        return Ok(false);
                    }
                    self.enter(text, None)?;
                    self.statements(text)?;
                } else {
                    self.enter(text, None)?;
                    self.statements(text)?;
                    text.expect(b']')?;
                    text.space();
                    if !matches!(text.cursor.peek(), Some(b'.' | b'}')) {
                        self.statements(text)?;
                    }
                }
                return Ok(true);
            }
            Some(b'(') => {
                self.subject_list(text)?;
                self.statements(text)?;
                return Ok(true);
            }
            Some(b'_') => {
                let label = text.cursor.blank_label()?;
                if or_graph && self.opens_braces(text) {
                    self.graph = Braces::Blank(label.to_owned());
                    return Ok(false);
                }
                self.enter(text, Some(Term::Blank(label)))?;
            }
            _ => {
                self.resource(text)?;
                if or_graph && self.opens_braces(text) {
                    self.graph = Braces::Iri(self.iri.clone());
                    return Ok(false);
                }
                self.enter(text, Some(Term::Iri(&self.iri)))?;
            }
        }
        self.statements(text)?;
        Ok(true)
    }

    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn opens_braces(&self, text: &mut Text<'_, '_>) -> bool {
        text.space();
        text.cursor.eat(b'{')
    }

    /// A list as subject: its cells become nodes of their own, since a list object cannot be a subject.
    fn subject_list(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        text.cursor.skip(1);
        text.space();
        if text.cursor.eat(b')') {
            return self.enter(text, Some(Term::Iri(names::NIL)));
        }
        let head = self.give();
        let mut cell = head.clone();
        loop {
            self.enter(text, Some(Term::Blank(&cell)))?;
            text.property(names::FIRST)?;
            self.object(text)?;
            text.property(names::REST)?;
            text.space();
            if text.cursor.eat(b')') {
                text.object(Term::Iri(names::NIL))?;
                return self.enter(text, Some(Term::Blank(&head)));
            }
            cell = self.give();
            text.object(Term::Blank(&cell))?;
        }
    }

    /// `predicateObjectList` of the grammar.
    fn statements(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        loop {
            text.space();
            self.verb(text)?;
            loop {
                text.space();
                self.object(text)?;
                text.space();
                if !text.cursor.eat(b',') {
                    break;
                }
            }
            if text.cursor.peek() != Some(b';') {
                return Ok(());
            }
            while text.cursor.eat(b';') {
                text.space();
            }
            if matches!(text.cursor.peek(), None | Some(b'.' | b']' | b'}')) {
                return Ok(());
            }
        }
    }

    fn verb(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        let next = text.cursor.peek_at(1);
        if text.cursor.peek() == Some(b'a')
            && matches!(next, Some(b' ' | b'\t' | b'\n' | b'\r' | b'<' | b'[' | b'(' | b'#' | b'"' | b'\''))
        {
            text.cursor.skip(1);
            return text.property(names::TYPE);
        }
        self.resource(text)?;
        text.property(&self.iri)
    }

    fn object(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        match text.cursor.peek() {
            Some(b'<') => {
                self.absolute(text)?;
                text.object(Term::Iri(&self.iri))
            }
            Some(b'_') => {
                let label = text.cursor.blank_label()?;
                text.object(Term::Blank(label))
            }
            Some(b'[') => self.nested(text),
            Some(b'(') => self.list(text),
            Some(quote @ (b'"' | b'\'')) => self.string(text, quote),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => number(text),
            _ => {
                for value in ["true", "false"] {
                    // these two are case-sensitive
                    if text.cursor.rest().starts_with(value) && text.keyword(value) {
                        return text.object(Term::Typed(value, names::BOOLEAN));
                    }
                }
                self.resource(text)?;
                text.object(Term::Iri(&self.iri))
            }
        }
    }

    fn nested(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        text.cursor.skip(1);
        let result = text.nodes.begin_node();
        text.told(result)?;
        text.space();
        if !text.cursor.eat(b']') {
            self.statements(text)?;
            text.expect(b']')?;
        }
        text.nodes.end();
        Ok(())
    }

    fn list(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        text.cursor.skip(1);
        let result = text.nodes.begin_list();
        text.told(result)?;
        text.space();
        while !text.cursor.eat(b')') {
            self.object(text)?;
            text.space();
        }
        text.nodes.end();
        Ok(())
    }

    fn string(&mut self, text: &mut Text<'_, '_>, quote: u8) -> Read<()> {
        let long = text.cursor.peek_at(1) == Some(quote) && text.cursor.peek_at(2) == Some(quote);
        let value = if long { text.cursor.long_string(quote)? } else { text.cursor.short_string(quote)? };
        match text.cursor.peek() {
            Some(b'@') => {
                let tag = text.cursor.language()?;
                text.object(Term::Language(&value, tag))
            }
            Some(b'^') if text.cursor.peek_at(1) == Some(b'^') => {
                text.cursor.skip(2);
                text.space();
                self.resource(text)?;
                let term = if self.iri == names::STRING {
                    Term::Plain(&value)
                } else {
                    Term::Typed(&value, &self.iri)
                };
                text.object(term)
            }
            _ => text.object(Term::Plain(&value)),
        }
    }

    /// `<…>` or a prefixed name, absolute, into `self.iri`.
    fn resource(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        if text.cursor.peek() == Some(b'<') {
            return self.absolute(text);
        }
        let start = text.cursor;
        if text.cursor.peek_char().is_some_and(is_name_start) {
            text.cursor.name_chars(is_name_char);
        }
        let prefix = text.cursor.since(start.at());
        if !text.cursor.eat(b':') {
            return Ok(start
                .error(msg!("expected an IRI or a prefixed name, found {found}", found = start.found()))?);
        }
        let Some(iri) = self.prefixes.get(prefix) else {
            return Ok(start.error(msg!("the prefix `{prefix}:` is not declared", prefix = prefix))?);
        };
        self.iri.clone_from(iri);
        local_name(&mut text.cursor, &mut self.iri)?;
        Ok(())
    }

    fn absolute(&mut self, text: &mut Text<'_, '_>) -> Read<()> {
        let start = text.cursor;
        let iri = text.cursor.iri()?;
        self.iri.clear();
        if !self.base.resolve(&iri, &mut self.iri) {
            return Ok(start.error(msg!(
                "the IRI `{iri}` is relative and the document has no base",
                iri = iri.as_ref()
            ))?);
        }
        Ok(())
    }
}
