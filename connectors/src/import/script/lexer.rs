use super::{Path, Trouble};
use bus_core::msg;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    End,
    Name(String),
    Number(String),
    Text(String),
    Regex {
        source: String,
        flags: String,
    },
    /// A text with values in it: literal pieces and the sources of the values, with their places.
    Parts(Vec<Part>),
    Item(Path),
    Parameter(Path),
    Symbol(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Item(Path),
    Parameter(Path),
    Source { text: String, at: usize },
}

/// Longest first where one starts another.
const SYMBOLS: [&str; 48] = [
    ">>>", "===", "!==", "...", "**", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=",
    "-=", "<<", ">>", "*=", "/=", "(", ")", "[", "]", "{", "}", ".", ",", ";", "?", ":", "+", "-", "*", "/",
    "%", "!", "<", ">", "=", "&", "|", "^", "~", "@", "#",
];

pub(super) fn tokens(source: &str) -> Result<Vec<(Token, usize)>, Trouble> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.eat(char::is_whitespace);
        let start = lexer.at;
        let operand = tokens.last().is_none_or(|(token, _)| expects_operand(token));
        let token = lexer.token(operand)?;
        let ended = token == Token::End;
        tokens.push((token, start));
        if ended {
            return Ok(tokens);
        }
    }
}

/// Whether a value comes after this token, so that `/` starts a regular expression.
fn expects_operand(token: &Token) -> bool {
    match token {
        Token::Symbol(symbol) => !matches!(*symbol, ")" | "]" | "}"),
        Token::Name(name) => matches!(name.as_str(), "typeof" | "return" | "in"),
        _ => false,
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

    fn eat(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|letter| !accept(letter)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn token(&mut self, operand: bool) -> Result<Token, Trouble> {
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        let digit = |text: &str| text.chars().nth(1).is_some_and(|letter| letter.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && digit(self.rest())) {
            return Ok(Token::Number(self.number()));
        }
        if first == '{'
            && let Some(placeholder) = self.placeholder()
        {
            return Ok(placeholder);
        }
        match first {
            '"' | '\'' | '`' => self.text(first),
            '/' if operand => self.regex(),
            '$' | '£' => Ok(self.bare_path()),
            _ if first == '_' || first.is_alphabetic() => Ok(Token::Name(
                self.eat(|letter| letter == '_' || letter == '$' || letter.is_alphanumeric()).to_owned(),
            )),
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Result<Token, Trouble> {
        let found = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
        let Some(symbol) = found else {
            return Err(Trouble::new(self.at, msg!("`{text}` is not expected here", text = first)));
        };
        self.at += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn number(&mut self) -> String {
        let start = self.at;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            self.eat(|letter| letter.is_ascii_hexdigit());
        } else {
            self.eat(|letter| letter.is_ascii_digit());
            let mut next = self.rest().chars();
            if next.next() == Some('.')
                && next.next().is_none_or(|letter| !letter.is_alphabetic() && letter != '.')
            {
                self.at += 1;
                self.eat(|letter| letter.is_ascii_digit());
            }
            let exponent = self
                .rest()
                .strip_prefix(['e', 'E'])
                .map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
            if exponent.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit())) {
                self.at += 1;
                if self.rest().starts_with(['+', '-']) {
                    self.at += 1;
                }
                self.eat(|letter| letter.is_ascii_digit());
            }
        }
        self.source.get(start..self.at).unwrap_or_default().to_owned()
    }

    /// `{$.path}` or `{£.path}`.
    fn placeholder(&mut self) -> Option<Token> {
        let inner = self.rest().strip_prefix('{')?;
        let (path, _) = inner.split_once('}')?;
        let of_record = path.starts_with('$');
        if !of_record && !path.starts_with('£') || path.contains(['{', '(', '\n']) {
            return None;
        }
        self.at += path.len() + 2;
        Some(if of_record { Token::Item(Path::read(path)) } else { Token::Parameter(Path::read(path)) })
    }

    /// `$.path` without braces.
    fn bare_path(&mut self) -> Token {
        let of_record = self.rest().starts_with('$');
        let start = self.at;
        self.at += if of_record { 1 } else { '£'.len_utf8() };
        while self.rest().starts_with('.') {
            let before = self.at;
            self.at += 1;
            let name = self.eat(|letter| letter == '_' || letter.is_alphanumeric());
            // a method is no part of the path, nor is a length
            if self.rest().starts_with('(') || name == "length" {
                self.at = before;
                break;
            }
        }
        let path = Path::read(self.source.get(start..self.at).unwrap_or_default());
        if of_record { Token::Item(path) } else { Token::Parameter(path) }
    }

    fn text(&mut self, quote: char) -> Result<Token, Trouble> {
        let start = self.at;
        self.at += 1;
        let (mut parts, mut text) = (Vec::new(), String::new());
        loop {
            let here = self.at;
            let Some(letter) = self.rest().chars().next() else {
                return Err(Trouble::new(start, msg!("the text is not closed")));
            };
            if letter == '{'
                && let Some(placeholder) = self.placeholder()
            {
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.extend(match placeholder {
                    Token::Item(path) => Some(Part::Item(path)),
                    Token::Parameter(path) => Some(Part::Parameter(path)),
                    _ => None,
                });
                continue;
            }
            self.at += letter.len_utf8();
            match letter {
                _ if letter == quote => break,
                '\\' => self.escape(&mut text),
                '$' if quote == '`' && self.rest().starts_with('{') => {
                    self.at += 1;
                    let at = self.at;
                    let source = self.inner(here)?;
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Source { text: source, at });
                }
                _ => text.push(letter),
            }
        }
        if parts.is_empty() {
            return Ok(Token::Text(text));
        }
        parts.push(Part::Text(text));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Token::Parts(parts))
    }

    /// What stands between `${` and the brace that closes it.
    fn inner(&mut self, start: usize) -> Result<String, Trouble> {
        let mut depth = 1_usize;
        let from = self.at;
        while let Some(letter) = self.rest().chars().next() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            let end = self.at;
            self.at += letter.len_utf8();
            if depth == 0 {
                return Ok(self.source.get(from..end).unwrap_or_default().to_owned());
            }
        }
        Err(Trouble::new(start, msg!("the text is not closed")))
    }

    fn escape(&mut self, text: &mut String) {
        let Some(letter) = self.rest().chars().next() else { return };
        self.at += letter.len_utf8();
        match letter {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '0' => text.push('\0'),
            'x' => self.code(2, text),
            'u' if self.rest().starts_with('{') => {
                self.at += 1;
                let digits = self.eat(|letter| letter.is_ascii_hexdigit());
                text.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
                self.eat(|letter| letter == '}');
            }
            'u' => self.code(4, text),
            '\n' => {}
            _ => text.push(letter),
        }
    }

    fn code(&mut self, digits: usize, text: &mut String) {
        let code = self.rest().get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(code) = code {
            self.at += digits;
            text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
        }
    }

    fn regex(&mut self) -> Result<Token, Trouble> {
        let start = self.at;
        self.at += 1;
        let (mut source, mut class) = (String::new(), false);
        loop {
            let Some(letter) = self.rest().chars().next() else {
                return Err(Trouble::new(start, msg!("the regular expression is not closed")));
            };
            self.at += letter.len_utf8();
            match letter {
                '/' if !class => break,
                '[' => class = true,
                ']' => class = false,
                '\\' => {
                    let next = self.rest().chars().next().unwrap_or_default();
                    self.at += next.len_utf8().min(self.rest().len());
                    // a slash needs no escape with us
                    if next != '/' {
                        source.push('\\');
                    }
                    source.push(next);
                    continue;
                }
                _ => {}
            }
            source.push(letter);
        }
        let flags = self.eat(|letter| letter.is_ascii_alphabetic()).to_owned();
        Ok(Token::Regex { source: javascript_regex(&source), flags })
    }
}

/// A regular expression of JavaScript as ours are written: `\uXXXX` is `\u{XXXX}`.
fn javascript_regex(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("\\u") {
        out.push_str(before);
        match after.get(..4).filter(|digits| digits.chars().all(|letter| letter.is_ascii_hexdigit())) {
            Some(digits) => {
                out += &format!("\\u{{{digits}}}");
                rest = after.get(4..).unwrap_or_default();
            }
            None => {
                out.push_str("\\u");
                rest = after;
            }
        }
    }
    out + rest
}
