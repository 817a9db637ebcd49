use super::iri::NO_IRI;
use bus_core::{Message, msg};
use std::borrow::Cow;

/// Where a text stops being what it should be, in bytes from its start, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Syntax {
    pub(super) at: usize,
    pub(super) message: Message,
}

pub(super) type Lex<T> = Result<T, Syntax>;

/// Reads the terminals that N-Triples and Turtle share from a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) const fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    pub(super) fn error<T>(&self, message: Message) -> Lex<T> {
        Err(Syntax { at: self.at, message })
    }

    /// What stands here, for messages.
    pub(super) fn found(&self) -> Message {
        match self.peek_char() {
            None | Some('\n' | '\r') => msg!("the end of the line"),
            Some(char) => msg!("`{char}`", char = char),
        }
    }

    /// `<…>`, with its escapes undone; not checked for a scheme.
    pub(super) fn iri(&mut self) -> Lex<Cow<'a, str>> {
        if !self.eat(b'<') {
            return self
                .error(msg!("expected an IRI in angle brackets, found {found}", found = self.found()));
        }
        let start = self.at;
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let run = bytes.iter().position(|byte| NO_IRI.get(usize::from(*byte)).copied().unwrap_or(true));
        let Some(run) = run else { return self.error(msg!("the IRI has no closing `>`")) };
        self.at += run;
        match self.peek() {
            Some(b'>') => {}
            Some(b'\\') => return self.escaped_iri(start),
            _ => return self.error(msg!("an IRI cannot hold {found}", found = self.found())),
        }
        let iri = self.since(start);
        self.at += 1;
        Ok(Cow::Borrowed(iri))
    }

    fn escaped_iri(&mut self, start: usize) -> Lex<Cow<'a, str>> {
        let mut iri = self.since(start).to_owned();
        loop {
            match self.peek_char() {
                None => return self.error(msg!("the IRI has no closing `>`")),
                Some('>') => {
                    self.at += 1;
                    return Ok(Cow::Owned(iri));
                }
                Some('\\') => {
                    let at = self.at;
                    let char = self.unicode_escape()?;
                    if u8::try_from(char).is_ok_and(|byte| NO_IRI.get(usize::from(byte)) == Some(&true)) {
                        self.at = at;
                        return self.error(msg!("an IRI cannot hold {found}", found = format!("`{char}`")));
                    }
                    iri.push(char);
                }
                Some(char)
                    if u8::try_from(char).is_ok_and(|byte| NO_IRI.get(usize::from(byte)) == Some(&true)) =>
                {
                    return self.error(msg!("an IRI cannot hold {found}", found = self.found()));
                }
                Some(char) => {
                    iri.push(char);
                    self.at += char.len_utf8();
                }
            }
        }
    }

    /// `\uXXXX` or `\UXXXXXXXX`.
    fn unicode_escape(&mut self) -> Lex<char> {
        let digits = match self.peek_at(1) {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return self.error(msg!("unknown escape after the backslash")),
        };
        let hex = self.text.get(self.at + 2..self.at + 2 + digits);
        let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let char = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let Some(char) = char else { return self.error(msg!("this escape names no character")) };
        self.at += 2 + digits;
        Ok(char)
    }

    /// A string in single quote marks of either kind, on one line.
    pub(super) fn short_string(&mut self, quote: u8) -> Lex<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let stop = memchr::memchr3(quote, b'\\', b'\n', bytes).unwrap_or(bytes.len());
        let run = bytes.get(..stop).unwrap_or_default();
        if let Some(found) = memchr::memchr(b'\r', run) {
            self.at += found;
            return self.error(msg!("closing quote missing"));
        }
        self.at += stop;
        match self.peek() {
            Some(found) if found == quote => {
                let value = self.since(start);
                self.at += 1;
                Ok(Cow::Borrowed(value))
            }
            Some(b'\\') => self.escaped_string(start, quote, false),
            _ => self.error(msg!("closing quote missing")),
        }
    }

    /// A string in triple quote marks, over any number of lines.
    pub(super) fn long_string(&mut self, quote: u8) -> Lex<Cow<'a, str>> {
        self.at += 3;
        self.escaped_string(self.at, quote, true)
    }

    fn escaped_string(&mut self, start: usize, quote: u8, long: bool) -> Lex<Cow<'a, str>> {
        let mut value = self.since(start).to_owned();
        loop {
            let from = self.at;
            let bytes = self.text.as_bytes().get(from..).unwrap_or_default();
            let Some(stop) = bytes.iter().position(|byte| {
                *byte == quote || *byte == b'\\' || (!long && matches!(byte, b'\n' | b'\r'))
            }) else {
                return self.error(msg!("closing quote missing"));
            };
            self.at += stop;
            value.push_str(self.since(from));
            match self.peek() {
                Some(b'\\') => value.push(self.string_escape()?),
                Some(found) if found == quote && !long => {
                    self.at += 1;
                    return Ok(Cow::Owned(value));
                }
                Some(found) if found == quote => {
                    if self.peek_at(1) == Some(quote) && self.peek_at(2) == Some(quote) {
                        self.at += 3;
                        return Ok(Cow::Owned(value));
                    }
                    value.push(char::from(quote));
                    self.at += 1;
                }
                _ => return self.error(msg!("closing quote missing")),
            }
        }
    }

    fn string_escape(&mut self) -> Lex<char> {
        let char = match self.peek_at(1) {
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b'f') => '\u{c}',
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            Some(b'\\') => '\\',
            _ => return self.unicode_escape(),
        };
        self.at += 2;
        Ok(char)
    }

    /// The label after `_:`, which is here.
    pub(super) fn blank_label(&mut self) -> Lex<&'a str> {
        if !(self.peek() == Some(b'_') && self.peek_at(1) == Some(b':')) {
            return self.error(msg!("expected a blank node, found {found}", found = self.found()));
        }
        self.at += 2;
        let start = self.at;
        match self.peek_char() {
            Some(char) if is_name_start(char) || char == '_' || char.is_ascii_digit() => {
                self.at += char.len_utf8();
            }
            _ => {
                return self
                    .error(msg!("expected the label of a blank node, found {found}", found = self.found()));
            }
        }
        self.name_chars(is_name_char);
        Ok(self.since(start))
    }

    /// Moves over name characters and dots; never ends on a dot.
    pub(super) fn name_chars(&mut self, allowed: impl Fn(char) -> bool) {
        let mut end = self.at;
        for (offset, char) in self.rest().char_indices() {
            if allowed(char) {
                end = self.at + offset + char.len_utf8();
            } else if char != '.' {
                break;
            }
        }
        self.at = end;
    }

    /// The language tag after `@`, which is here.
    pub(super) fn language(&mut self) -> Lex<&'a str> {
        self.at += 1;
        let start = self.at;
        let letters = self.run(|byte| byte.is_ascii_alphabetic());
        let mut good = letters > 0;
        while good && self.eat(b'-') {
            good = self.run(|byte| byte.is_ascii_alphanumeric()) > 0;
        }
        if good {
            Ok(self.since(start))
        } else {
            self.error(msg!("a language tag looks like `fr` or `fr-CA`"))
        }
    }

    /// Moves over bytes; how many there were.
    pub(super) fn run(&mut self, allowed: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = bytes.iter().position(|byte| !allowed(*byte)).unwrap_or(bytes.len());
        self.at += count;
        count
    }
}

/// `PN_CHARS_BASE` of the grammars.
pub(super) const fn is_name_start(char: char) -> bool {
    matches!(char,
        'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// `PN_CHARS` of the grammars.
pub(super) const fn is_name_char(char: char) -> bool {
    is_name_start(char)
        || matches!(char, '0'..='9' | '_' | '-' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
