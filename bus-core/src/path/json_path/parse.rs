//! Reads the grammar of RFC 9535, with its rules of well-typedness.

use super::{
    pattern::Pattern,
    tree::{Against, Comparison, Query, Segment, Selector, Term, Test},
};
use crate::{Message, msg};

/// Reads a whole query.
pub(super) fn query(text: &str) -> Result<Vec<Segment>, Message> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let read = parser
        .expect("$")
        .and_then(|()| parser.segments())
        .and_then(|segments| if parser.at == text.len() { Ok(segments) } else { parser.wrong() });
    read.map_err(|Wrong(at)| {
        let column = text.get(..at).unwrap_or_default().chars().count() + 1;
        msg!("`{path}` is not a JSONPath query: see character {column}", path = text, column = column)
    })
}

/// The byte where the text stops to be a query.
struct Wrong(usize);

type Outcome<T> = Result<T, Wrong>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Filters in filters and brackets in brackets, at most.
const DEEPEST: usize = 64;
/// Integers beyond this are no JSON interchange numbers (RFC 7493).
const LARGEST_INDEX: i64 = (1 << 53) - 1;

/// What an operand of a filter can be, before it is known where it stands.
enum Operand {
    Query(Query),
    Term(Term),
    Test(Test),
}

impl<'a> Parser<'a> {
    fn wrong<T>(&self) -> Outcome<T> {
        Err(Wrong(self.at))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Outcome<()> {
        if self.eat(token) { Ok(()) } else { self.wrong() }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn segments(&mut self) -> Outcome<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.space();
            match self.segment()? {
                Some(segment) => segments.push(segment),
                None => {
                    self.at = before;
                    return Ok(segments);
                }
            }
        }
    }

    fn segment(&mut self) -> Outcome<Option<Segment>> {
        if self.eat("..") {
            let selectors =
                if self.peek() == Some('[') { self.bracketed()? } else { vec![self.shorthand()?] };
            return Ok(Some(Segment::Descendant(selectors)));
        }
        if self.eat(".") {
            return Ok(Some(Segment::Child(vec![self.shorthand()?])));
        }
        if self.peek() == Some('[') {
            return Ok(Some(Segment::Child(self.bracketed()?)));
        }
        Ok(None)
    }

    /// `*` or a name without quotes.
    fn shorthand(&mut self) -> Outcome<Selector> {
        if self.eat("*") {
            return Ok(Selector::Every);
        }
        let rest = self.rest();
        let first = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || !letter.is_ascii();
        if !rest.starts_with(first) {
            return self.wrong();
        }
        let len = rest.find(|letter: char| !first(letter) && !letter.is_ascii_digit()).unwrap_or(rest.len());
        self.at += len;
        Ok(Selector::Name(rest.get(..len).unwrap_or_default().to_owned()))
    }

    fn bracketed(&mut self) -> Outcome<Vec<Selector>> {
        self.enter()?;
        self.expect("[")?;
        let mut selectors = Vec::new();
        loop {
            self.space();
            selectors.push(self.selector()?);
            self.space();
            if self.eat("]") {
                self.depth -= 1;
                return Ok(selectors);
            }
            self.expect(",")?;
        }
    }

    fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > DEEPEST { self.wrong() } else { Ok(()) }
    }

    fn selector(&mut self) -> Outcome<Selector> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Selector::Every)
            }
            Some('\'' | '"') => Ok(Selector::Name(self.string()?)),
            Some('?') => {
                self.at += 1;
                self.space();
                Ok(Selector::Filter(self.any()?))
            }
            _ => self.index_or_slice(),
        }
    }

    fn index_or_slice(&mut self) -> Outcome<Selector> {
        let start = self.index()?;
        let after = self.at;
        self.space();
        if !self.eat(":") {
            self.at = after;
            return start.map_or_else(|| self.wrong(), |index| Ok(Selector::Index(index)));
        }
        self.space();
        let end = self.index()?;
        let after = self.at;
        self.space();
        let mut step = None;
        if self.eat(":") {
            let after = self.at;
            self.space();
            step = self.index()?;
            if step.is_none() {
                self.at = after;
            }
        } else {
            self.at = after;
        }
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    /// An integer, if one stands here.
    fn index(&mut self) -> Outcome<Option<i64>> {
        let len = int_len(self.rest());
        if len == 0 {
            return Ok(None);
        }
        let text = self.rest().get(..len).unwrap_or_default();
        match text.parse() {
            Ok(index) if text != "-0" && (-LARGEST_INDEX..=LARGEST_INDEX).contains(&index) => {
                self.at += len;
                Ok(Some(index))
            }
            _ => self.wrong(),
        }
    }

    /// Text between quotes of either kind.
    fn string(&mut self) -> Outcome<String> {
        let Some(quote) = self.peek() else { return self.wrong() };
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(letter) = self.peek() else { return self.wrong() };
            if letter < ' ' {
                return self.wrong();
            }
            self.at += letter.len_utf8();
            match letter {
                _ if letter == quote => return Ok(out),
                '\\' => out.push(self.escape(quote)?),
                _ => out.push(letter),
            }
        }
    }

    fn escape(&mut self, quote: char) -> Outcome<char> {
        let Some(letter) = self.peek() else { return self.wrong() };
        let plain = match letter {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '/' => '/',
            '\\' => '\\',
            'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ if letter == quote => quote,
            _ => return self.wrong(),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Outcome<char> {
        let unit = self.hex()?;
        let code = match unit {
            0xD800..=0xDBFF => {
                self.expect("\\u")?;
                match self.hex()? {
                    low @ 0xDC00..=0xDFFF => 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00),
                    _ => return self.wrong(),
                }
            }
            _ => unit,
        };
        char::from_u32(code).map_or_else(|| self.wrong(), Ok)
    }

    fn hex(&mut self) -> Outcome<u32> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.wrong();
        };
        self.at += 4;
        Ok(code)
    }

    fn any(&mut self) -> Outcome<Test> {
        self.chain("||", |parser| parser.chain("&&", Self::basic, Test::All), Test::Any)
    }

    /// Tests with an operator between them.
    fn chain(
        &mut self,
        operator: &str,
        mut next: impl FnMut(&mut Self) -> Outcome<Test>,
        join: fn(Vec<Test>) -> Test,
    ) -> Outcome<Test> {
        let mut tests = vec![next(self)?];
        loop {
            let before = self.at;
            self.space();
            if !self.eat(operator) {
                self.at = before;
                return Ok(match tests.pop() {
                    Some(only) if tests.is_empty() => only,
                    last => {
                        tests.extend(last);
                        join(tests)
                    }
                });
            }
            self.space();
            tests.push(next(self)?);
        }
    }

    fn basic(&mut self) -> Outcome<Test> {
        if self.eat("!") {
            self.space();
            let test = if self.peek() == Some('(') { self.parenthesis()? } else { self.test()? };
            return Ok(Test::Not(Box::new(test)));
        }
        if self.peek() == Some('(') {
            return self.parenthesis();
        }
        let start = self.at;
        let left = self.operand()?;
        let before = self.at;
        self.space();
        let Some(comparison) = self.comparison() else {
            self.at = before;
            return Self::as_test(left).ok_or(Wrong(start));
        };
        let left = Self::as_term(left).ok_or(Wrong(start))?;
        self.space();
        let start = self.at;
        let right = self.operand()?;
        let right = Self::as_term(right).ok_or(Wrong(start))?;
        Ok(Test::Compare(left, comparison, right))
    }

    fn parenthesis(&mut self) -> Outcome<Test> {
        self.enter()?;
        self.expect("(")?;
        self.space();
        let test = self.any()?;
        self.space();
        self.expect(")")?;
        self.depth -= 1;
        Ok(test)
    }

    fn test(&mut self) -> Outcome<Test> {
        let start = self.at;
        let operand = self.operand()?;
        Self::as_test(operand).ok_or(Wrong(start))
    }

    fn as_test(operand: Operand) -> Option<Test> {
        match operand {
            Operand::Query(query) => Some(Test::Exists(query)),
            Operand::Test(test) => Some(test),
            Operand::Term(_) => None,
        }
    }

    fn as_term(operand: Operand) -> Option<Term> {
        match operand {
            Operand::Query(query) => query.is_single().then_some(Term::Single(query)),
            Operand::Term(term) => Some(term),
            Operand::Test(_) => None,
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        operators.into_iter().find_map(|(token, comparison)| self.eat(token).then_some(comparison))
    }

    fn operand(&mut self) -> Outcome<Operand> {
        match self.peek() {
            Some(sign @ ('@' | '$')) => {
                self.at += 1;
                self.enter()?;
                let segments = self.segments()?;
                self.depth -= 1;
                Ok(Operand::Query(Query { absolute: sign == '$', segments }))
            }
            Some('\'' | '"') => Ok(Operand::Term(Term::Text(self.string()?))),
            Some('-' | '0'..='9') => Ok(Operand::Term(self.number()?)),
            Some('a'..='z') => self.word(),
            _ => self.wrong(),
        }
    }

    fn number(&mut self) -> Outcome<Term> {
        let rest = self.rest();
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let whole = int_len(rest);
        let mut len = whole;
        if let Some(fraction) = rest.get(len..).and_then(|rest| rest.strip_prefix('.')) {
            let count = digits(fraction);
            if count == 0 {
                return self.wrong();
            }
            len += 1 + count;
        }
        if let Some(exponent) = rest.get(len..).and_then(|rest| rest.strip_prefix(['e', 'E'])) {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let count = digits(unsigned);
            if count == 0 {
                return self.wrong();
            }
            len += 1 + exponent.len() - unsigned.len() + count;
        }
        if whole == 0 {
            return self.wrong();
        }
        let text = rest.get(..len).unwrap_or_default();
        self.at += len;
        Ok(text.parse().map_or_else(|_| Term::Decimal(text.to_owned()), Term::Int))
    }

    /// A literal or a function.
    fn word(&mut self) -> Outcome<Operand> {
        let rest = self.rest();
        let in_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let len = rest.find(|letter| !in_name(letter)).unwrap_or(rest.len());
        let start = self.at;
        self.at += len;
        match rest.get(..len).unwrap_or_default() {
            "true" => Ok(Operand::Term(Term::Bool(true))),
            "false" => Ok(Operand::Term(Term::Bool(false))),
            "null" => Ok(Operand::Term(Term::Null)),
            name => {
                let operand = self.function(name)?;
                operand.ok_or(Wrong(start))
            }
        }
    }

    /// A call; `None` for an unknown function or arguments of the wrong kind or number.
    fn function(&mut self, name: &str) -> Outcome<Option<Operand>> {
        self.enter()?;
        self.expect("(")?;
        let mut arguments = Vec::new();
        self.space();
        while !self.eat(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
                self.space();
            }
            arguments.push(self.operand()?);
            self.space();
        }
        self.depth -= 1;
        let mut arguments = arguments.into_iter();
        let (first, second, third) = (arguments.next(), arguments.next(), arguments.next());
        Ok(match (name, first, second, third) {
            ("length", Some(argument), None, None) => {
                Self::as_term(argument).map(|term| Operand::Term(Term::Length(Box::new(term))))
            }
            ("count", Some(Operand::Query(query)), None, None) => Some(Operand::Term(Term::Count(query))),
            ("value", Some(Operand::Query(query)), None, None) => Some(Operand::Term(Term::Value(query))),
            ("match" | "search", Some(text), Some(pattern), None) => {
                Self::as_term(text).zip(Self::as_term(pattern)).map(|(text, pattern)| {
                    let whole = name == "match";
                    let pattern = Box::new(match pattern {
                        Term::Text(pattern) => Against::Fixed(Pattern::new(&pattern, whole)),
                        other => Against::Found(other),
                    });
                    Operand::Test(Test::Matches { text, pattern, whole })
                })
            }
            _ => None,
        })
    }
}

/// How long the integer at the start of the text is: no leading zeros, perhaps a minus.
fn int_len(text: &str) -> usize {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sign = text.len() - digits.len();
    let count = digits.len() - digits.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    match (digits.starts_with('0'), count) {
        (_, 0) => 0,
        (true, _) => sign + 1,
        (false, count) => sign + count,
    }
}
