//! The lexical part of CEL (langdef.md, "Syntax"), with letters of every script in names.

use super::{ast::Span, error::ParseError};
use crate::msg;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    End,
    Name(String),
    /// A name between backticks: anything may be in it.
    Quoted(String),
    /// A whole number without its sign.
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Symbol(&'static str),
}

/// Longest first where one starts another.
const SYMBOLS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", ".", ",", "(", ")", "[", "]", "{", "}", "?", ":", "+", "-", "*", "/",
    "%", "!", "<", ">",
];

pub(super) fn tokens(source: &str) -> Result<Vec<(Token, Span)>, ParseError> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.token()?;
        let ended = token == Token::End;
        tokens.push((token, Span::new(start, lexer.at)));
        if ended {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|letter| !accept(letter)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn eat_exactly(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    fn skip_blanks(&mut self) {
        loop {
            self.eat(|letter| letter.is_whitespace());
            if !self.rest().starts_with("//") {
                return;
            }
            self.eat(|letter| letter != '\n');
        }
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        let second_is_digit = self.rest().chars().nth(1).is_some_and(|letter| letter.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && second_is_digit) {
            return self.number();
        }
        if let Some(text) = self.string()? {
            return Ok(text);
        }
        if first == '_' || first.is_alphabetic() {
            return Ok(Token::Name(self.eat(|letter| letter == '_' || letter.is_alphanumeric()).to_owned()));
        }
        if first == '`' {
            return self.quoted();
        }
        for symbol in SYMBOLS {
            if self.eat_exactly(symbol) {
                return Ok(Token::Symbol(symbol));
            }
        }
        let span = Span::new(self.at, self.at + first.len_utf8());
        Err(ParseError::new(
            span,
            match first {
                '=' => msg!("`=` compares nothing: write `==`"),
                '&' => msg!("`&` alone means nothing: write `&&` for *and*"),
                '|' => msg!("`|` alone means nothing: write `||` for *or*"),
                '’' | '‘' | '“' | '”' | '«' | '»' => {
                    msg!(
                        "`{letter}` does not quote text: write straight quotes, \"…\" or '…'",
                        letter = first
                    )
                }
                _ => msg!("`{letter}` has no meaning in an expression", letter = first),
            },
        ))
    }

    fn quoted(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        self.at += 1;
        let name = self.eat(|letter| letter != '`').to_owned();
        if !self.eat_exactly("`") {
            return Err(ParseError::new(Span::new(start, self.at), msg!("the closing ` is missing")));
        }
        Ok(Token::Quoted(name))
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let hexadecimal = self.eat_exactly("0x") || self.eat_exactly("0X");
        let digits_from = self.at;
        let mut real = false;
        if hexadecimal {
            self.eat(|letter| letter.is_ascii_hexdigit());
        } else {
            self.eat(|letter| letter.is_ascii_digit());
            let mut next = self.rest().chars();
            if next.next() == Some('.') && next.next().is_some_and(|letter| letter.is_ascii_digit()) {
                real = true;
                self.at += 1;
                self.eat(|letter| letter.is_ascii_digit());
            }
            let tail = self.rest().as_bytes();
            if matches!(tail.first(), Some(b'e' | b'E')) {
                real = true;
                self.at += 1 + usize::from(matches!(tail.get(1), Some(b'+' | b'-')));
                self.eat(|letter| letter.is_ascii_digit());
            }
        }
        let digits = self.source.get(digits_from..self.at).unwrap_or_default();
        let unsigned = !real && (self.eat_exactly("u") || self.eat_exactly("U"));
        let trailing = self.eat(|letter| letter == '_' || letter.is_alphanumeric());
        let span = Span::new(start, self.at);
        let wrong = || {
            let text = span.text(self.source).to_owned();
            ParseError::new(span, msg!("`{text}` is not a number", text = text))
        };
        if !trailing.is_empty() || digits.is_empty() {
            return Err(wrong());
        }
        if real {
            return digits.parse().map(Token::Double).map_err(|_| wrong());
        }
        let number = u64::from_str_radix(digits, if hexadecimal { 16 } else { 10 }).map_err(|_| {
            ParseError::new(span, msg!("`{text}` is too large for a whole number", text = digits))
        })?;
        Ok(if unsigned { Token::Uint(number) } else { Token::Int(number) })
    }

    /// A string or bytes literal; `None` if none starts here.
    fn string(&mut self) -> Result<Option<Token>, ParseError> {
        let start = self.at;
        let (mut raw, mut bytes) = (false, false);
        // at most two letters stand before the quote
        let end = self.rest().bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''));
        let prefix = end.and_then(|end| self.rest().get(..end));
        match prefix {
            Some("") => {}
            Some("r" | "R") => raw = true,
            Some("b" | "B") => bytes = true,
            Some("rb" | "rB" | "Rb" | "RB" | "br" | "bR" | "Br" | "BR") => (raw, bytes) = (true, true),
            _ => return Ok(None),
        }
        self.at += prefix.map_or(0, str::len);
        let one = if self.rest().starts_with('"') { "\"" } else { "'" };
        let three = if one == "\"" { "\"\"\"" } else { "'''" };
        let quote = if self.rest().starts_with(three) { three } else { one };
        self.at += quote.len();
        let mut content = Vec::new();
        loop {
            if self.eat_exactly(quote) {
                break;
            }
            let here = self.at;
            match self.peek() {
                None => return Err(unclosed(start, self.at)),
                Some('\n' | '\r') if quote.len() == 1 => return Err(unclosed(start, self.at)),
                Some('\\') if !raw => {
                    self.at += 1;
                    if self.escape(bytes, &mut content).is_none() {
                        let span = Span::new(here, self.at.max(here + 1));
                        return Err(ParseError::new(
                            span,
                            msg!(
                                "this is no escape: write `\\\\` for a backslash, or r\"…\" for a text without escapes"
                            ),
                        ));
                    }
                }
                Some(letter) => {
                    self.at += letter.len_utf8();
                    content.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        if bytes {
            return Ok(Some(Token::Bytes(content)));
        }
        // escapes of text write whole characters only
        Ok(Some(Token::Text(String::from_utf8_lossy(&content).into_owned())))
    }

    /// Reads what follows a backslash; `None` if it is no escape.
    fn escape(&mut self, bytes: bool, content: &mut Vec<u8>) -> Option<()> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        let number = match letter {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            '\\' | '\'' | '"' | '`' | '?' => u32::from(letter),
            'x' | 'X' => self.digits(2, 16)?,
            'u' if !bytes => self.digits(4, 16)?,
            'U' if !bytes => self.digits(8, 16)?,
            '0'..='3' => {
                self.at -= 1;
                self.digits(3, 8)?
            }
            _ => return None,
        };
        if bytes {
            content.push(u8::try_from(number).ok()?);
        } else {
            content.extend_from_slice(char::from_u32(number)?.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Some(())
    }

    fn digits(&mut self, count: usize, radix: u32) -> Option<u32> {
        let digits = self.rest().get(..count)?;
        if !digits.chars().all(|digit| digit.is_digit(radix)) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, radix).ok()
    }
}

fn unclosed(start: usize, end: usize) -> ParseError {
    ParseError::new(Span::new(start, end), msg!("the closing quote is missing"))
}
