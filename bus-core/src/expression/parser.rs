//! The grammar of CEL (langdef.md, "Syntax"), by precedence climbing.

use super::{
    ast::{Ast, AstKind, Item, Literal, Operator, Span},
    error::ParseError,
    lexer::{Token, tokens},
};
use crate::{Message, msg};

/// Longest expression, in bytes.
const MOST_BYTES: usize = 64 << 10;
/// Deepest nesting, so that neither parsing nor evaluating can exhaust the stack.
const MOST_DEPTH: u16 = 96;

/// Words that CEL keeps for the languages it is embedded in: no field is read by such a name alone.
pub const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

pub(super) fn parse(source: &str) -> Result<Ast, ParseError> {
    if source.len() > MOST_BYTES {
        let limit = MOST_BYTES >> 10;
        return Err(ParseError::new(
            Span::default(),
            msg!("an expression may be {limit} KiB long", limit = limit),
        ));
    }
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    if matches!(parser.peek(), Token::End) {
        return Err(ParseError::new(Span::default(), msg!("the expression is empty")));
    }
    let ast = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(ast),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: u16,
}

type Parsed = Result<Ast, ParseError>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Span::default(), |(_, span)| *span)
    }

    /// The span of the token before.
    fn before(&self) -> Span {
        self.tokens.get(self.at.saturating_sub(1)).map_or(Span::default(), |(_, span)| *span)
    }

    fn symbol(&self) -> Option<&'static str> {
        if let Token::Symbol(symbol) = self.peek() { Some(symbol) } else { None }
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = self.symbol() == Some(symbol);
        if there {
            self.at += 1;
        }
        there
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ParseError> {
        if self.eat(symbol) {
            return Ok(());
        }
        let found = self.found();
        let message = match found {
            None => msg!("`{symbol}` is missing at the end", symbol = symbol),
            Some(found) => msg!("`{symbol}` is missing before `{found}`", symbol = symbol, found = found),
        };
        Err(ParseError::new(self.span(), message))
    }

    fn found(&self) -> Option<String> {
        Some(match self.peek() {
            Token::End => return None,
            Token::Name(name) | Token::Quoted(name) => name.clone(),
            Token::Int(number) | Token::Uint(number) => number.to_string(),
            Token::Double(number) => number.to_string(),
            Token::Text(text) => format!("\"{text}\""),
            Token::Bytes(_) => "b\"…\"".to_owned(),
            Token::Symbol(symbol) => (*symbol).to_owned(),
        })
    }

    fn unexpected(&self) -> ParseError {
        let message = match self.peek() {
            Token::Name(word) if word.eq_ignore_ascii_case("and") => msg!("write `&&` for *and*"),
            Token::Name(word) if word.eq_ignore_ascii_case("or") => msg!("write `||` for *or*"),
            Token::Name(word) if word.eq_ignore_ascii_case("not") => msg!("write `!` for *not*"),
            _ => match self.found() {
                None => msg!("the expression ends too early: a value is missing"),
                Some(found) => msg!("`{found}` was not expected here", found = found),
            },
        };
        ParseError::new(self.span(), message)
    }

    fn node(&self, span: Span, below: u16, kind: AstKind) -> Parsed {
        let depth = below.saturating_add(1);
        if depth > MOST_DEPTH { Err(too_deep(span)) } else { Ok(Ast { span, depth, kind }) }
    }

    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(too_deep(self.span()));
        }
        let condition = self.chain(true)?;
        let ast = if self.eat("?") {
            let yes = self.chain(true)?;
            self.expect(":")?;
            let no = self.expression()?;
            let span = condition.span.to(no.span);
            let below = condition.depth.max(yes.depth).max(no.depth);
            self.node(span, below, AstKind::Conditional(Box::new([condition, yes, no])))?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(ast)
    }

    /// Terms joined by `||` (or by `&&`, inside).
    fn chain(&mut self, or: bool) -> Parsed {
        let symbol = if or { "||" } else { "&&" };
        let term = |parser: &mut Self| if or { parser.chain(false) } else { parser.binary(0) };
        let first = term(self)?;
        if self.symbol() != Some(symbol) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.eat(symbol) {
            terms.push(term(self)?);
        }
        let span = terms.first().map_or(Span::default(), |first| first.span).to(self.before());
        let below = deepest(&terms);
        self.node(span, below, if or { AstKind::Or(terms) } else { AstKind::And(terms) })
    }

    fn operator(&self) -> Option<(u8, Operator)> {
        Some(match self.peek() {
            Token::Name(word) if word == "in" => (0, Operator::In),
            Token::Symbol(symbol) => match *symbol {
                "==" => (0, Operator::Equal),
                "!=" => (0, Operator::NotEqual),
                "<" => (0, Operator::Less),
                "<=" => (0, Operator::LessEqual),
                ">" => (0, Operator::Greater),
                ">=" => (0, Operator::GreaterEqual),
                "+" => (1, Operator::Add),
                "-" => (1, Operator::Subtract),
                "*" => (2, Operator::Multiply),
                "/" => (2, Operator::Divide),
                "%" => (2, Operator::Remainder),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((level, operator)) = self.operator().filter(|(level, _)| *level >= least) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            let (span, below) = (left.span.to(right.span), left.depth.max(right.depth));
            left = self.node(span, below, AstKind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span();
        let Some(symbol @ ("!" | "-")) = self.symbol() else { return self.member() };
        let mut count = 0_u16;
        while self.eat(symbol) {
            count = count.saturating_add(1);
        }
        let mut operand = match self.peek() {
            // the smallest whole number has no positive twin
            Token::Int(magnitude) if symbol == "-" => {
                let magnitude = *magnitude;
                let number = 0_i64.checked_sub_unsigned(magnitude).ok_or_else(|| self.too_large())?;
                let span = self.before().to(self.span());
                self.at += 1;
                count -= 1;
                let literal = self.node(span, 0, AstKind::Literal(Literal::Int(number)))?;
                self.members(literal)?
            }
            _ => self.member()?,
        };
        if count > MOST_DEPTH {
            return Err(too_deep(start));
        }
        for _ in 0..count {
            let (span, below) = (start.to(operand.span), operand.depth);
            let boxed = Box::new(operand);
            let kind = if symbol == "!" { AstKind::Not(boxed) } else { AstKind::Negate(boxed) };
            operand = self.node(span, below, kind)?;
        }
        Ok(operand)
    }

    fn too_large(&self) -> ParseError {
        let text = self.found().unwrap_or_default();
        ParseError::new(self.span(), msg!("`{text}` is too large for a whole number", text = text))
    }

    fn member(&mut self) -> Parsed {
        let primary = self.primary()?;
        self.members(primary)
    }

    /// `.field`, `.method(…)` and `[index]` after `operand`.
    fn members(&mut self, mut operand: Ast) -> Parsed {
        loop {
            if self.eat(".") {
                let optional = self.eat("?");
                let name_span = self.span();
                let name = match self.peek() {
                    Token::Name(name) if !matches!(name.as_str(), "in" | "true" | "false" | "null") => {
                        name.clone()
                    }
                    Token::Quoted(name) => name.clone(),
                    _ => return Err(ParseError::new(name_span, msg!("a name must follow the dot"))),
                };
                self.at += 1;
                operand = if self.symbol() == Some("(") && !optional {
                    let args = self.arguments()?;
                    let below = operand.depth.max(deepest(&args));
                    let span = operand.span.to(self.before());
                    let target = Some(Box::new(operand));
                    self.node(span, below, AstKind::Call { target, name, name_span, args })?
                } else {
                    let (span, below) = (operand.span.to(name_span), operand.depth);
                    let operand = Box::new(operand);
                    self.node(span, below, AstKind::Select { operand, field: name, optional })?
                };
            } else if self.eat("[") {
                let optional = self.eat("?");
                let index = self.expression()?;
                self.expect("]")?;
                let (span, below) = (operand.span.to(self.before()), operand.depth.max(index.depth));
                let (operand_box, index) = (Box::new(operand), Box::new(index));
                operand = self.node(span, below, AstKind::Index { operand: operand_box, index, optional })?;
            } else if self.symbol() == Some("{")
                && matches!(operand.kind, AstKind::Ident(_) | AstKind::Select { .. })
            {
                return Err(ParseError::new(
                    operand.span,
                    msg!("there are no message types here: write a map, {\"name\": value}"),
                ));
            } else {
                return Ok(operand);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let span = self.span();
        let literal = match self.peek() {
            Token::Int(magnitude) => Literal::Int(i64::try_from(*magnitude).map_err(|_| self.too_large())?),
            Token::Uint(number) => Literal::Uint(*number),
            Token::Double(number) => Literal::Double(*number),
            Token::Text(text) => Literal::Text(text.as_str().into()),
            Token::Bytes(bytes) => Literal::Bytes(bytes.as_slice().into()),
            Token::Name(name) if name == "true" => Literal::Bool(true),
            Token::Name(name) if name == "false" => Literal::Bool(false),
            Token::Name(name) if name == "null" => Literal::Null,
            _ => return self.compound(span),
        };
        self.at += 1;
        self.node(span, 0, AstKind::Literal(literal))
    }

    fn compound(&mut self, span: Span) -> Parsed {
        if self.eat("(") {
            let mut inner = self.expression()?;
            self.expect(")")?;
            inner.span = span.to(self.before());
            return Ok(inner);
        }
        if self.eat("[") {
            return self.list(span);
        }
        if self.eat("{") {
            return self.map(span);
        }
        // a leading dot names the outermost scope: here there is no other
        self.eat(".");
        let name = match self.peek() {
            Token::Quoted(name) => name.clone(),
            Token::Name(name) if name == "in" => return Err(self.unexpected()),
            Token::Name(name) if RESERVED.contains(&name.as_str()) => {
                return Err(ParseError::new(self.span(), reserved(name)));
            }
            Token::Name(name) => name.clone(),
            _ => return Err(self.unexpected()),
        };
        let name_span = self.span();
        self.at += 1;
        if self.symbol() != Some("(") {
            return self.node(name_span, 0, AstKind::Ident(name));
        }
        let args = self.arguments()?;
        let below = deepest(&args);
        self.node(name_span.to(self.before()), below, AstKind::Call { target: None, name, name_span, args })
    }

    fn arguments(&mut self) -> Result<Vec<Ast>, ParseError> {
        self.expect("(")?;
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            if !self.eat(",") {
                self.expect(")")?;
                return Ok(args);
            }
        }
    }

    fn list(&mut self, start: Span) -> Parsed {
        let mut items = Vec::new();
        while self.symbol() != Some("]") {
            let optional = self.eat("?");
            items.push(Item { value: self.expression()?, optional });
            if !self.eat(",") {
                break;
            }
        }
        self.expect("]")?;
        let below = items.iter().map(|item| item.value.depth).max().unwrap_or(0);
        self.node(start.to(self.before()), below, AstKind::List(items))
    }

    fn map(&mut self, start: Span) -> Parsed {
        let mut entries = Vec::new();
        while self.symbol() != Some("}") {
            let optional = self.eat("?");
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, Item { value: self.expression()?, optional }));
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}")?;
        let below = entries.iter().map(|(key, item)| key.depth.max(item.value.depth)).max().unwrap_or(0);
        self.node(start.to(self.before()), below, AstKind::Map(entries))
    }
}

fn deepest(nodes: &[Ast]) -> u16 {
    nodes.iter().map(|node| node.depth).max().unwrap_or(0)
}

fn too_deep(span: Span) -> ParseError {
    ParseError::new(
        span,
        msg!("the expression nests deeper than {limit} levels", limit = u32::from(MOST_DEPTH)),
    )
}

fn reserved(word: &str) -> Message {
    msg!("`{word}` is a reserved word: write `record.{word}` for the field of that name", word = word)
}
