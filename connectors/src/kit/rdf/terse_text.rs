use super::{
    Nodes, Term, names,
    scan::{Cursor, Lex, Syntax, is_name_char, is_name_start},
};
use crate::contract::{Decoded, FormatError};
use bus_core::msg;

/// Why a text cannot be read.
pub(super) enum Trouble {
    Syntax(Syntax),
    /// With the place in the text.
    Format(usize, FormatError),
}

impl From<Syntax> for Trouble {
    fn from(syntax: Syntax) -> Self {
        Self::Syntax(syntax)
    }
}

pub(super) type Read<T> = Result<T, Trouble>;

/// What one text is read with.
pub(super) struct Text<'a, 'n> {
    pub(super) cursor: Cursor<'a>,
    pub(super) nodes: &'n mut Nodes,
    pub(super) out: &'n mut Decoded,
}

impl Text<'_, '_> {
    pub(super) fn space(&mut self) {
        loop {
            self.cursor.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            if self.cursor.peek() != Some(b'#') {
                return;
            }
            self.cursor.run(|byte| !matches!(byte, b'\n' | b'\r'));
        }
    }

    pub(super) fn expect(&mut self, byte: u8) -> Read<()> {
        self.space();
        if self.cursor.eat(byte) {
            return Ok(());
        }
        Ok(self.cursor.error(msg!(
            "expected `{wanted}`, found {found}",
            wanted = char::from(byte),
            found = self.found()
        ))?)
    }

    pub(super) fn found(&self) -> bus_core::Message {
        if self.cursor.rest().is_empty() { msg!("the end of the document") } else { self.cursor.found() }
    }

    pub(super) fn told<T>(&self, result: Result<T, FormatError>) -> Read<T> {
        result.map_err(|error| Trouble::Format(self.cursor.at(), error))
    }

    pub(super) fn object(&mut self, term: Term<'_>) -> Read<()> {
        let result = self.nodes.object(term, self.out);
        self.told(result)
    }

    pub(super) fn property(&mut self, iri: &str) -> Read<()> {
        let result = self.nodes.property(iri, self.out);
        self.told(result)
    }

    /// Whether this word stands here, in any case, with a boundary behind it.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let found =
            self.cursor.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let ends = !matches!(self.cursor.peek_at(word.len()), Some(byte) if byte == b':' || byte == b'-' || byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80);
        if found && ends {
            self.cursor.skip(word.len());
        }
        found && ends
    }
}

/// `PN_LOCAL` of the grammar, appended to `out` with its escapes undone.
pub(super) fn local_name(cursor: &mut Cursor<'_>, out: &mut String) -> Lex<()> {
    let mut first = true;
    loop {
        match cursor.peek() {
            Some(byte @ (b'_' | b':' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')) => {
                out.push(char::from(byte));
                cursor.skip(1);
            }
            Some(b'-') if !first => {
                out.push('-');
                cursor.skip(1);
            }
            Some(b'%') => {
                let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                if !(hex(cursor.peek_at(1)) && hex(cursor.peek_at(2))) {
                    return cursor.error(msg!("`%` stands before two hexadecimal digits"));
                }
                out.push_str(cursor.rest().get(..3).unwrap_or_default());
                cursor.skip(3);
            }
            Some(b'\\') => match cursor.peek_at(1) {
                Some(byte) if b"_~.-!$&'()*+,;=/?#@%".contains(&byte) => {
                    out.push(char::from(byte));
                    cursor.skip(2);
                }
                _ => return cursor.error(msg!("unknown escape after the backslash")),
            },
            Some(b'.') if !first => {
                let dots = cursor.rest().bytes().take_while(|byte| *byte == b'.').count();
                let goes_on = cursor.rest().get(dots..).and_then(|rest| rest.chars().next());
                if !goes_on.is_some_and(|char| is_name_char(char) || matches!(char, ':' | '%' | '\\')) {
                    return Ok(());
                }
                out.extend(std::iter::repeat_n('.', dots));
                cursor.skip(dots);
            }
            Some(byte) if byte >= 0x80 => match cursor.peek_char() {
                Some(char) if is_name_start(char) || (!first && is_name_char(char)) => {
                    out.push(char);
                    cursor.skip(char.len_utf8());
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        }
        first = false;
    }
}

pub(super) fn number(text: &mut Text<'_, '_>) -> Read<()> {
    let start = text.cursor;
    if matches!(text.cursor.peek(), Some(b'+' | b'-')) {
        text.cursor.skip(1);
    }
    let digit = |byte: u8| byte.is_ascii_digit();
    let whole = text.cursor.run(digit);
    let mut datatype = names::INTEGER;
    let mut fraction = 0;
    if text.cursor.peek() == Some(b'.') {
        let after = text.cursor.peek_at(1);
        if after.is_some_and(digit) || (whole > 0 && matches!(after, Some(b'e' | b'E'))) {
            text.cursor.skip(1);
            fraction = text.cursor.run(digit);
            datatype = names::DECIMAL;
        }
    }
    if matches!(text.cursor.peek(), Some(b'e' | b'E')) {
        text.cursor.skip(1);
        if matches!(text.cursor.peek(), Some(b'+' | b'-')) {
            text.cursor.skip(1);
        }
        datatype = names::DOUBLE;
        if text.cursor.run(digit) == 0 {
            return Ok(start.error(msg!("a number without digits in its exponent"))?);
        }
    }
    if whole + fraction == 0 {
        return Ok(start.error(msg!("expected a value, found {found}", found = start.found()))?);
    }
    let value = text.cursor.since(start.at());
    text.object(Term::Typed(value, datatype))
}
