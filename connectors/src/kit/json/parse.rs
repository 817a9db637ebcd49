use super::{Fault, Outcome, plain::plain_prefix};
use crate::contract::{FormatError, Limits};
use bus_core::{
    msg,
    record::{BatchBuilder, BuildError},
};

/// What to do with a key that comes twice in one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Refuse the value: nobody can know which of the two was meant.
    #[default]
    Refuse,
    /// Keep the last value, as most readers do.
    KeepLast,
}

/// Reads one JSON value, with nothing but white space around it, into `out`.
///
/// Integers that fit become integers; every other number keeps its exact text.
///
/// # Errors
/// The first place, in line and column, where the text is not strict JSON or goes beyond the limits; the
/// unfinished record is dropped.
pub fn parse(text: &[u8], out: &mut BatchBuilder, limits: &Limits) -> Result<(), FormatError> {
    parse_with(text, out, limits, Duplicates::Refuse)
}

/// [`parse`], with a choice for keys that come twice.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    text: &[u8],
    out: &mut BatchBuilder,
    limits: &Limits,
    duplicates: Duplicates,
) -> Result<(), FormatError> {
    let document = |text: &str, out: &mut BatchBuilder| {
        let depth = limits.depth.min(DEEPEST);
        let mut parser = Parser { text, at: 0, depth, limits, duplicates, scratch: String::new() };
        parser.document(out)
    };
    let complete = out.len();
    let outcome = match str::from_utf8(text) {
        Ok(text) => document(text, out),
        Err(error) => Fault::new(error.valid_up_to(), msg!("the text is not UTF-8 here")),
    };
    outcome.map_err(|fault| {
        out.abandon();
        // what is wrong may stand behind a value that is whole
        out.truncate(complete);
        fault.locate(text)
    })
}

/// However deep a limit allows: values are walked recursively all over the house.
const DEEPEST: usize = 512;
/// So many digits always fit an `i64`.
const SAFE_DIGITS: usize = 18;
/// Without an exponent, so many characters are always below the largest `f64`.
const SAFE_NUMBER: usize = 300;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// How many more levels may open.
    depth: usize,
    limits: &'a Limits,
    duplicates: Duplicates,
    scratch: String,
}

/// A string as it stands in the text, or with its escapes resolved in the scratch buffer.
enum Read<'a> {
    Plain(&'a str),
    Scratch,
}

impl<'a> Parser<'a> {
    fn document(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        self.space();
        self.value(out)?;
        self.space();
        if self.at < self.text.len() {
            return self.fault("the value ends before this");
        }
        Ok(())
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[cold]
    fn fault<T>(&self, what: &'static str) -> Outcome<T> {
        let message = match what {
            _ if self.at >= self.text.len() => msg!("the JSON text ends too early"),
            "value" => match self.rest() {
                [b'N', b'a', b'N', ..] | [b'I', b'n', b'f', ..] => {
                    msg!("NaN and Infinity are not JSON numbers: write null or text")
                }
                [b'\'', ..] => msg!("text in JSON stands between double quotes"),
                [b'}' | b']', ..] => msg!("a value is missing before this bracket"),
                _ => msg!("this is not a JSON value: text stands between double quotes"),
            },
            "key" => msg!("a key between double quotes is expected here"),
            "colon" => msg!("a colon is missing between key and value"),
            "object" => msg!("a comma or a closing brace is expected here"),
            "list" => msg!("a comma or a closing bracket is expected here"),
            "number" => msg!("this is not a number as JSON writes it"),
            _ => msg!("the JSON value ends before this: only one value is expected"),
        };
        Fault::new(self.at, message)
    }

    fn value(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        match self.peek() {
            Some(b'"') => {
                match self.string()? {
                    Read::Plain(text) => out.text(text),
                    Read::Scratch => out.text(&self.scratch),
                }
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(out),
            Some(b'{') => self.object(out),
            Some(b'[') => self.list(out),
            Some(b't') if self.word("true") => {
                out.bool(true);
                Ok(())
            }
            Some(b'f') if self.word("false") => {
                out.bool(false);
                Ok(())
            }
            Some(b'n') if self.word("null") => {
                out.null();
                Ok(())
            }
            _ => self.fault("value"),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// Goes one level down.
    fn enter(&mut self) -> Outcome<()> {
        let Some(depth) = self.depth.checked_sub(1) else {
            let most = self.limits.depth.min(DEEPEST);
            return Fault::new(
                self.at,
                msg!("lists and objects nest deeper than {most} levels (limit `depth`)", most = most),
            );
        };
        self.depth = depth;
        self.at += 1;
        self.space();
        Ok(())
    }

    fn list(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        self.enter()?;
        out.begin_list();
        if self.peek() == Some(b']') {
            return self.leave(out);
        }
        loop {
            self.value(out)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => return self.leave(out),
                _ => return self.fault("list"),
            }
            self.space();
        }
    }

    fn leave(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        self.at += 1;
        self.depth += 1;
        out.end();
        Ok(())
    }

    fn object(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        self.enter()?;
        out.begin_object();
        if self.peek() == Some(b'}') {
            return self.leave(out);
        }
        let mut fields = 0;
        loop {
            if self.peek() != Some(b'"') {
                return self.fault("key");
            }
            fields += 1;
            if fields > self.limits.fields {
                let most = self.limits.fields;
                return Fault::new(
                    self.at,
                    msg!("an object has more than {most} fields (limit `fields`)", most = most),
                );
            }
            self.member(out)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.leave(out),
                _ => return self.fault("object"),
            }
            self.space();
        }
    }

    fn member(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        let start = self.at;
        let key = self.string()?;
        let key = match key {
            Read::Plain(key) => key,
            Read::Scratch => self.scratch.as_str(),
        };
        let again = match out.key(key) {
            Ok(()) => None,
            Err(BuildError::DuplicateKey(key)) if self.duplicates == Duplicates::KeepLast => Some(key),
            Err(BuildError::DuplicateKey(key)) => {
                return Fault::new(start, msg!("the key `{key}` comes twice in one object", key = key));
            }
            Err(BuildError::TooLarge) => return Fault::new(start, msg!("the record is too large")),
        };
        self.space();
        if self.peek() != Some(b':') {
            return self.fault("colon");
        }
        self.at += 1;
        self.space();
        self.value(out)?;
        if let Some(key) = again {
            out.replace(&key);
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Outcome<Read<'a>> {
        let start = self.at + 1;
        let len = plain_prefix(self.text.as_bytes().get(start..).unwrap_or_default());
        let end = start + len;
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            // both ends stand beside an ASCII quote, so they are character boundaries
            return Ok(Read::Plain(self.text.get(start..end).unwrap_or_default()));
        }
        self.escaped(start)
    }

    #[cold]
    fn escaped(&mut self, start: usize) -> Outcome<Read<'a>> {
        self.scratch.clear();
        let mut from = start;
        loop {
            let end = from + plain_prefix(self.text.as_bytes().get(from..).unwrap_or_default());
            self.scratch.push_str(self.text.get(from..end).unwrap_or_default());
            self.at = end;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Read::Scratch);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                    from = self.at;
                }
                Some(_) => {
                    return Fault::new(
                        end,
                        msg!(
                            "a control character in a text must be escaped, or its closing quote is missing"
                        ),
                    );
                }
                None => return Fault::new(start - 1, msg!("the closing quote of this text is missing")),
            }
        }
    }

    /// Resolves what follows a backslash.
    fn escape(&mut self) -> Outcome<()> {
        let escape = self.peek();
        self.at += 1;
        let plain = match escape {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode()?,
            _ => return Fault::new(self.at - 2, msg!("JSON knows no such escape")),
        };
        self.scratch.push(plain);
        Ok(())
    }

    fn unicode(&mut self) -> Outcome<char> {
        let start = self.at - 2;
        let lone =
            || Fault::new(start, msg!("this escape is half of a character: its other half is missing"));
        let unit = self.hex()?;
        let code = match unit {
            0xD800..=0xDBFF => {
                if !self.rest().starts_with(b"\\u") {
                    return lone();
                }
                self.at += 2;
                let low = self.hex()?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    return lone();
                }
                0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            }
            _ => unit,
        };
        char::from_u32(code).map_or_else(lone, Ok)
    }

    fn hex(&mut self) -> Outcome<u32> {
        let digits = self.rest().get(..4).and_then(|digits| {
            digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
        });
        match digits {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => Fault::new(self.at, msg!("four hexadecimal digits are expected here")),
        }
    }

    #[inline]
    fn number(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        let rest = self.rest();
        let negative = rest.first() == Some(&b'-');
        let digits = rest.get(usize::from(negative)..).unwrap_or_default();
        let mut value = 0_i64;
        let mut count = 0;
        for byte in digits {
            if !byte.is_ascii_digit() {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            count += 1;
        }
        let simple = !matches!(digits.get(count), Some(b'.' | b'e' | b'E'))
            && (1..=SAFE_DIGITS).contains(&count)
            && (digits.first() != Some(&b'0') || (count == 1 && !negative));
        if simple {
            self.at += count + usize::from(negative);
            out.int(if negative { -value } else { value });
            return Ok(());
        }
        self.exact_number(out)
    }

    fn exact_number(&mut self, out: &mut BatchBuilder) -> Outcome<()> {
        let start = self.at;
        let Some(len) = number_len(self.rest()) else { return self.fault("number") };
        let text = self.text.get(start..start + len).unwrap_or_default();
        // a digit or letter right behind makes it a malformed number, not two values
        if self.rest().get(len).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'.') {
            return self.fault("number");
        }
        let whole = !text.contains(['.', 'e', 'E']);
        if whole
            && text != "-0"
            && let Ok(int) = text.parse()
        {
            out.int(int);
        } else if is_finite(text) {
            out.decimal(text);
        } else {
            return Fault::new(start, msg!("the number `{number}` is too large", number = shortened(text)));
        }
        self.at += len;
        Ok(())
    }
}

/// Whether a JSON number is within the range that floating point can name.
fn is_finite(text: &str) -> bool {
    (text.len() <= SAFE_NUMBER && !text.contains(['e', 'E'])) || text.parse().is_ok_and(f64::is_finite)
}

/// At most so much of a text as a message can show.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// How long the JSON number at the start of `text` is; `None` if there is none.
pub(crate) fn number_len(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = match text.get(start)? {
        b'0' => start + 1,
        b'1'..=b'9' => digits(start + 1),
        _ => return None,
    };
    if text.get(end) == Some(&b'.') {
        let after = digits(end + 1);
        if after == end + 1 {
            return None;
        }
        end = after;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after == end + 1 + sign {
            return None;
        }
        end = after;
    }
    Some(end)
}
