//! The parser: push bytes, be called back.

use super::{
    Scopes, Tag,
    chars::{first_illegal, is_blank, is_name, is_space, name_length, trim},
    declaration::Declaration,
    intake::Intake,
    tag::{Attributes, TagEnd, split_slash},
    text::{Wrong, resolve},
};
use crate::contract::{FormatError, Limits};
use bus_core::{Message, msg};
use std::mem;

/// What a parser tells of a document, in order. A message stops it, and gets its place.
pub trait Handler {
    /// An element begins.
    ///
    /// # Errors
    /// What the handler finds wrong.
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message>;

    /// Text inside the innermost element, references resolved; may come in several pieces.
    ///
    /// # Errors
    /// What the handler finds wrong.
    fn text(&mut self, text: &str) -> Result<(), Message>;

    /// The innermost element ends; `scopes` still holds its namespace declarations.
    ///
    /// # Errors
    /// What the handler finds wrong.
    fn close(&mut self, name: &str, scopes: &Scopes) -> Result<(), Message>;
}

/// A strict parser of XML 1.0 and 1.1 documents without DOCTYPE, with namespaces.
///
/// Push the bytes as they come; the calls do not depend on how they were cut.
pub struct Parser {
    intake: Intake,
    /// Text not parsed yet: begins with an unfinished tag or text.
    buffer: String,
    /// How many bytes of the buffer were searched for its end.
    searched: usize,
    tag_end: TagEnd,
    /// Where the buffer begins in the document, from 1.
    line: u64,
    column: u64,
    stage: Stage,
    eleven: bool,
    namespaces: bool,
    /// Names of the open elements, one after the other, and where each begins.
    names: String,
    starts: Vec<usize>,
    scopes: Scopes,
    attributes: Attributes,
    scratch: String,
    depth: usize,
    fields: usize,
    longest: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was parsed yet.
    Start,
    /// Before the root element.
    Before,
    Inside,
    After,
}

impl Parser {
    /// A parser that honours the depth, record size (of one tag or text) and attribute limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            intake: Intake::new(),
            buffer: String::new(),
            searched: 0,
            tag_end: TagEnd::default(),
            line: 1,
            column: 1,
            stage: Stage::Start,
            eleven: false,
            namespaces: true,
            names: String::new(),
            starts: Vec::new(),
            scopes: Scopes::default(),
            attributes: Attributes::default(),
            scratch: String::new(),
            depth: limits.depth,
            fields: limits.fields,
            longest: limits.record_bytes,
        }
    }

    /// The same parser, taking colons as letters as XML did before namespaces.
    #[must_use]
    pub const fn without_namespaces(mut self) -> Self {
        self.namespaces = false;
        self
    }

    /// How many elements are open.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.starts.len()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// At the first place where the document is not well-formed, or where the handler said so.
    pub fn push(&mut self, bytes: &[u8], handler: &mut impl Handler) -> Result<(), FormatError> {
        self.advance(bytes, false, handler)
    }

    /// Says that the document has ended.
    ///
    /// # Errors
    /// When it ended too early.
    pub fn finish(&mut self, handler: &mut impl Handler) -> Result<(), FormatError> {
        self.advance(&[], true, handler)?;
        if let Some(start) = self.starts.last() {
            let name = self.names.get(*start..).unwrap_or_default();
            let message = msg!("the document ends before `</{name}>`", name = name);
            return Err(self.error(&self.buffer, (self.buffer.len(), message)));
        }
        if self.stage != Stage::After {
            let message = msg!("the document has no root element");
            return Err(self.error(&self.buffer, (self.buffer.len(), message)));
        }
        Ok(())
    }

    fn advance(&mut self, bytes: &[u8], last: bool, handler: &mut impl Handler) -> Result<(), FormatError> {
        let known = self.buffer.len();
        let decoded = self.intake.decode(bytes, last, &mut self.buffer);
        let buffer = mem::take(&mut self.buffer);
        let (begin, known) = if self.stage == Stage::Start {
            let begin = self.start(&buffer, last || decoded.is_err());
            match begin.map_err(|wrong| self.error(&buffer, wrong))? {
                Some(begin) => (begin, 0),
                None => {
                    self.buffer = buffer;
                    return Ok(());
                }
            }
        } else {
            (0, known)
        };
        let (good, illegal) = match first_illegal(buffer.get(known..).unwrap_or_default(), self.eleven) {
            Some(at) => (buffer.get(..known + at).unwrap_or_default(), true),
            None => (buffer.as_str(), false),
        };
        let bad = illegal || decoded.is_err();
        let end = self.run(good, begin, last && !bad, handler).map_err(|wrong| self.error(good, wrong))?;
        if bad {
            let message = match decoded {
                Err(message) if !illegal => message,
                _ => msg!("a character that XML does not allow"),
            };
            return Err(self.error(good, (good.len(), message)));
        }
        if last && end < good.len() {
            return Err(self.error(good, (end, msg!("the document ends inside this tag"))));
        }
        if good.len() - end > self.longest {
            let message = msg!(
                "this tag or text is longer than {limit} bytes (limit `record_bytes`)",
                limit = self.longest
            );
            return Err(self.error(good, (end, message)));
        }
        (self.line, self.column) = self.place(good, end);
        self.searched = self.searched.saturating_sub(end);
        self.buffer = buffer;
        self.buffer.drain(..end);
        Ok(())
    }

    fn error(&self, buffer: &str, (at, message): Wrong) -> FormatError {
        let (line, column) = self.place(buffer, at);
        FormatError::at(line, column, message)
    }

    /// Line and column of a byte of the buffer.
    fn place(&self, buffer: &str, at: usize) -> (u64, u64) {
        let before = buffer.get(..at).unwrap_or(buffer);
        let lines = memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64;
        match before.rsplit_once('\n') {
            Some((_, tail)) => (self.line + lines, tail.chars().count() as u64 + 1),
            None => (self.line, self.column + before.chars().count() as u64),
        }
    }

    /// Parses what is complete and gives where the rest begins.
    fn run(
        &mut self,
        text: &str,
        begin: usize,
        last: bool,
        handler: &mut impl Handler,
    ) -> Result<usize, Wrong> {
        let mut at = begin;
        while let Some(first) = text.as_bytes().get(at) {
            let end = match first {
                b'<' => self.markup(text, at, handler)?,
                _ => self.characters(text, at, last, handler)?,
            };
            let Some(end) = end else { break };
            at = end;
            self.searched = end;
            self.tag_end = TagEnd::default();
        }
        Ok(at)
    }

    /// Reads the XML declaration, if there is one; `None` while it is not complete.
    fn start(&mut self, text: &str, last: bool) -> Result<Option<usize>, Wrong> {
        const OPENING: &str = "<?xml";
        if text.len() <= OPENING.len() && OPENING.starts_with(text) && !last {
            return Ok(None);
        }
        let Some(rest) = text.strip_prefix(OPENING).filter(|rest| rest.bytes().next().is_some_and(is_space))
        else {
            self.stage = Stage::Before;
            return Ok(Some(0));
        };
        let inside = match rest.split_once("?>") {
            Some((inside, _)) if !inside.contains('<') => inside,
            None if !last && !rest.contains('<') && rest.len() <= self.longest => return Ok(None),
            _ => return Err((0, msg!("the XML declaration does not end with `?>`"))),
        };
        let declaration = Declaration::parse(inside).map_err(|message| (0, message))?;
        if let Some(label) = declaration.encoding {
            self.intake.agrees(label).map_err(|message| (0, message))?;
        }
        self.eleven = declaration.eleven;
        self.stage = Stage::Before;
        Ok(Some(OPENING.len() + inside.len() + 2))
    }

    /// Text up to the next tag.
    fn characters(
        &mut self,
        text: &str,
        at: usize,
        last: bool,
        handler: &mut impl Handler,
    ) -> Result<Option<usize>, Wrong> {
        let from = at.max(self.searched);
        let end = match memchr::memchr(b'<', text.as_bytes().get(from..).unwrap_or_default()) {
            Some(found) => from + found,
            None if last => text.len(),
            None => {
                self.searched = text.len();
                return Ok(None);
            }
        };
        let raw = text.get(at..end).unwrap_or_default();
        if self.stage != Stage::Inside {
            return if is_blank(raw) {
                Ok(Some(end))
            } else {
                let before = raw.len() - raw.trim_start_matches([' ', '\t', '\n', '\r']).len();
                Err((at + before, msg!("text outside the root element")))
            };
        }
        if memchr::memchr3(b'&', b'\r', b']', raw.as_bytes()).is_none() && !self.eleven {
            handler.text(raw).map_err(|message| (at, message))?;
            return Ok(Some(end));
        }
        if let Some(inside) = raw.find("]]>") {
            return Err((at + inside, msg!("`]]>` in text: write `]]&gt;`")));
        }
        self.scratch.clear();
        resolve(raw, false, self.eleven, &mut self.scratch)
            .map_err(|(inside, message)| (at + inside, message))?;
        handler.text(&self.scratch).map_err(|message| (at, message))?;
        Ok(Some(end))
    }

    /// Anything that begins with `<`; gives where it ends, `None` while it is not complete.
    fn markup(&mut self, text: &str, at: usize, handler: &mut impl Handler) -> Result<Option<usize>, Wrong> {
        match text.as_bytes().get(at + 1) {
            None => Ok(None),
            Some(b'/') => self.end_tag(text, at, handler),
            Some(b'?') => self.instruction(text, at),
            Some(b'!') => self.declaration(text, at, handler),
            Some(_) => self.start_tag(text, at, handler),
        }
    }

    fn start_tag(
        &mut self,
        text: &str,
        at: usize,
        handler: &mut impl Handler,
    ) -> Result<Option<usize>, Wrong> {
        let rest = text.as_bytes().get(at + 1..).unwrap_or_default();
        let length = name_length(rest);
        let end = match rest.get(length) {
            None => return Ok(None),
            Some(b'>') => at + 1 + length,
            Some(_) => {
                let from = self.searched.max(at + 1 + length);
                let Some(found) = self.tag_end.find(text.as_bytes().get(from..).unwrap_or_default()) else {
                    self.searched = text.len();
                    return Ok(None);
                };
                from + found
            }
        };
        let name = text.get(at + 1..at + 1 + length).unwrap_or_default();
        if !is_name(name) {
            return Err((
                at,
                msg!("`<` must begin a tag such as `<name>`: write `&lt;` for the sign itself"),
            ));
        }
        if text.as_bytes().get(end) == Some(&b'<') {
            return Err((end, msg!("`<` in an attribute value: write `&lt;`, or a quote is missing before")));
        }
        if self.stage == Stage::After {
            return Err((at, msg!("a second root element `<{name}>`: a document has one", name = name)));
        }
        if self.depth() >= self.depth {
            return Err((
                at,
                msg!("elements are nested more than {depth} deep (limit `depth`)", depth = self.depth),
            ));
        }
        let inside = text.get(at + 1 + length..end).unwrap_or_default();
        let empty = self
            .attributes_of(name, inside)
            .map_err(|(inner, message)| (if inner == 0 { at } else { at + 1 + length + inner }, message))?;
        self.stage = Stage::Inside;
        let tag = Tag { name, attributes: &self.attributes, scopes: &self.scopes };
        handler.open(tag).map_err(|message| (at, message))?;
        if empty {
            handler.close(name, &self.scopes).map_err(|message| (at, message))?;
            self.scopes.close(self.starts.len() + 1);
            if self.starts.is_empty() {
                self.stage = Stage::After;
            }
        } else {
            self.starts.push(self.names.len());
            self.names.push_str(name);
        }
        Ok(Some(end + 1))
    }

    /// Reads the attributes; gives whether the element is empty (`/>`).
    fn attributes_of(&mut self, name: &str, inside: &str) -> Result<bool, Wrong> {
        let depth = self.starts.len() + 1;
        if inside.is_empty() {
            self.attributes.clear();
            if self.namespaces && name.contains(':') {
                self.attributes.check_prefixes(name, &self.scopes)?;
            }
            return Ok(false);
        }
        let (inside, empty) = split_slash(inside);
        self.attributes.read(inside, self.fields, self.eleven)?;
        if self.namespaces {
            self.attributes.declare(&mut self.scopes, depth, self.eleven)?;
            self.attributes.check_prefixes(name, &self.scopes)?;
        }
        Ok(empty)
    }

    fn end_tag(&mut self, text: &str, at: usize, handler: &mut impl Handler) -> Result<Option<usize>, Wrong> {
        let start = self.starts.last().copied();
        let open = start.and_then(|start| self.names.get(start..)).unwrap_or_default();
        let rest = text.get(at + 2..).unwrap_or_default();
        let end = match rest.strip_prefix(open).map(|tail| tail.as_bytes().first()) {
            Some(Some(b'>')) => at + 2 + open.len(),
            _ => match memchr::memchr(b'>', rest.as_bytes()) {
                Some(found) => at + 2 + found,
                None => return Ok(None),
            },
        };
        let raw = text.get(at + 2..end).unwrap_or_default();
        let Some(start) = start else {
            return Err((at, msg!("`</{name}>` closes nothing", name = trim(raw))));
        };
        if raw.trim_end_matches([' ', '\t', '\n', '\r']) != open {
            let message = msg!("`</{name}>` does not close `<{open}>`", name = trim(raw), open = open);
            return Err((at, message));
        }
        handler.close(open, &self.scopes).map_err(|message| (at, message))?;
        self.scopes.close(self.starts.len());
        self.names.truncate(start);
        self.starts.pop();
        if self.starts.is_empty() {
            self.stage = Stage::After;
        }
        Ok(Some(end + 1))
    }

    fn instruction(&mut self, text: &str, at: usize) -> Result<Option<usize>, Wrong> {
        let Some(end) = self.find(text, at + 2, "?>") else { return Ok(None) };
        let inside = text.get(at + 2..end).unwrap_or_default();
        let (target, rest) = inside.split_at_checked(name_length(inside.as_bytes())).unwrap_or((inside, ""));
        if target.eq_ignore_ascii_case("xml") {
            return Err((at, msg!("an XML declaration must stand at the very start of the document")));
        }
        let spaced = rest.is_empty() || rest.bytes().next().is_some_and(is_space);
        if !is_name(target) || !spaced || (self.namespaces && target.contains(':')) {
            return Err((at, msg!("a processing instruction must begin with a name: `<?name …?>`")));
        }
        Ok(Some(end + 2))
    }

    /// Comments and CDATA sections; a DOCTYPE is refused.
    fn declaration(
        &mut self,
        text: &str,
        at: usize,
        handler: &mut impl Handler,
    ) -> Result<Option<usize>, Wrong> {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with("<!--") {
            let Some(end) = self.find(text, at + 4, "--") else { return Ok(None) };
            return match text.as_bytes().get(end + 2) {
                Some(b'>') => Ok(Some(end + 3)),
                Some(_) => Err((end, msg!("`--` inside a comment"))),
                None => Ok(None),
            };
        }
        if rest.starts_with("<![CDATA[") {
            if self.stage != Stage::Inside {
                return Err((at, msg!("text outside the root element")));
            }
            let Some(end) = self.find(text, at + 9, "]]>") else { return Ok(None) };
            let raw = text.get(at + 9..end).unwrap_or_default();
            let text = if raw.contains('\r') { &raw.replace("\r\n", "\n").replace('\r', "\n") } else { raw };
            handler.text(text).map_err(|message| (at, message))?;
            return Ok(Some(end + 3));
        }
        if rest.starts_with("<!DOCTYPE") {
            return Err((
                at,
                msg!(
                    "a DOCTYPE is refused, since its entities can be used for attacks: remove it, and write the characters themselves where its entities are used"
                ),
            ));
        }
        if ["<!--", "<![CDATA[", "<!DOCTYPE"].iter().any(|known| known.starts_with(rest)) {
            return Ok(None);
        }
        Err((at, msg!("`<!` must begin a comment `<!-- … -->` or `<![CDATA[ … ]]>`")))
    }

    /// Where `end` stands from `from` on; remembers how far it has looked.
    fn find(&mut self, text: &str, from: usize, end: &str) -> Option<usize> {
        let begin = from.max(self.searched.saturating_sub(end.len()));
        let found = memchr::memmem::find(text.as_bytes().get(begin..)?, end.as_bytes());
        if found.is_none() {
            self.searched = text.len();
        }
        Some(begin + found?)
    }
}
