use super::{
    Trouble,
    lexer::{Part, Token, tokens},
    syntax::{Entry, Expr, Node},
};
use bus_core::msg;

/// How deep expressions nest at most.
const MOST_DEPTH: usize = 48;

/// Reads a one-line expression, without the `=` before it.
pub(in crate::import) fn parse(source: &str) -> Result<Expr, Trouble> {
    parse_at(source, 0, 0)
}

fn parse_at(source: &str, from: usize, depth: usize) -> Result<Expr, Trouble> {
    let shift = |trouble: Trouble| Trouble { at: trouble.at + from, ..trouble };
    let tokens = tokens(source).map_err(shift)?;
    let tokens = tokens.into_iter().map(|(token, at)| (token, at + from)).collect();
    let mut parser = Parser { tokens, at: 0, depth };
    let mut expr = parser.expression()?;
    parser.eat(";");
    if *parser.peek() != Token::End {
        return Err(parser.unexpected());
    }
    // a bare `return` may stand in front, as in a function
    while let Node::Unary("return", inner) = expr.node {
        expr = *inner;
    }
    Ok(expr)
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Expr, Trouble>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |(_, at)| *at)
    }

    fn symbol(&self) -> Option<&'static str> {
        if let Token::Symbol(symbol) = self.peek() { Some(symbol) } else { None }
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = self.symbol() == Some(symbol);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Trouble> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Trouble {
        let text = match self.peek() {
            Token::End => return Trouble::new(self.place(), msg!("the expression ends too early")),
            Token::Name(text) | Token::Number(text) | Token::Text(text) => text.clone(),
            Token::Symbol(symbol) => (*symbol).to_owned(),
            Token::Item(path) => format!("{{$.{path}}}"),
            Token::Parameter(path) => format!("{{£.{path}}}"),
            Token::Regex { source, .. } => format!("/{source}/"),
            Token::Parts(_) => "`".to_owned(),
        };
        Trouble::new(self.place(), msg!("`{text}` is not expected here", text = text))
    }

    fn deeper(&mut self) -> Result<(), Trouble> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Trouble::new(self.place(), msg!("it nests too deeply")));
        }
        Ok(())
    }

    fn expression(&mut self) -> Parsed {
        self.deeper()?;
        let at = self.place();
        let parsed = match self.arrow() {
            Some(names) => {
                let body = self.arrow_body()?;
                Expr { at, node: Node::Arrow(names, Box::new(body)) }
            }
            None => self.conditional()?,
        };
        self.depth -= 1;
        Ok(parsed)
    }

    /// The names of `x =>` or `(x, y) =>`, which are then passed.
    fn arrow(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut at = self.at;
        let token = |at: usize| self.tokens.get(at).map(|(token, _)| token);
        if let Token::Name(name) = token(at)? {
            names.push(name.clone());
            at += 1;
        } else if *token(at)? == Token::Symbol("(") {
            at += 1;
            while let Token::Name(name) = token(at)? {
                names.push(name.clone());
                at += 1;
                at += usize::from(*token(at)? == Token::Symbol(","));
            }
            (*token(at)? == Token::Symbol(")")).then_some(())?;
            at += 1;
        }
        (*token(at)? == Token::Symbol("=>")).then_some(())?;
        self.at = at + 1;
        Some(names)
    }

    /// An expression, or `{ return expression; }`.
    fn arrow_body(&mut self) -> Parsed {
        let block = self.symbol() == Some("{")
            && self.tokens.get(self.at + 1).is_some_and(|(token, _)| *token == Token::Name("return".into()));
        if !block {
            return self.expression();
        }
        self.at += 2;
        let body = self.expression()?;
        self.eat(";");
        self.expect("}")?;
        Ok(body)
    }

    fn conditional(&mut self) -> Parsed {
        let condition = self.binary(0)?;
        if !self.eat("?") {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.expect(":")?;
        let no = self.expression()?;
        let at = condition.at;
        Ok(Expr { at, node: Node::Conditional(Box::new([condition, yes, no])) })
    }

    fn operator(&self) -> Option<(u8, &'static str)> {
        Some(match self.peek() {
            Token::Name(name) if name == "in" => (3, "in"),
            Token::Symbol(symbol) => match *symbol {
                "??" | "||" => (0, symbol),
                "&&" => (1, symbol),
                "==" | "===" | "!=" | "!==" => (2, symbol),
                "<" | "<=" | ">" | ">=" => (3, symbol),
                "+" | "-" => (4, symbol),
                "*" | "/" | "%" => (5, symbol),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        let mut count = 0_usize;
        while let Some((level, operator)) = self.operator().filter(|(level, _)| *level >= least) {
            count += 1;
            if count > MOST_DEPTH {
                return Err(Trouble::new(self.place(), msg!("it nests too deeply")));
            }
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expr { at: left.at, node: Node::Binary(operator, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.place();
        let operator = match self.peek() {
            Token::Symbol(symbol @ ("!" | "-" | "+")) => *symbol,
            Token::Name(name) if name == "typeof" => "typeof",
            Token::Name(name) if name == "return" => "return",
            _ => return self.members(),
        };
        self.at += 1;
        self.deeper()?;
        let operand = if operator == "return" { self.expression()? } else { self.unary()? };
        self.depth -= 1;
        Ok(Expr { at, node: Node::Unary(operator, Box::new(operand)) })
    }

    fn members(&mut self) -> Parsed {
        let mut operand = self.primary()?;
        let mut count = 0_usize;
        loop {
            let at = self.place();
            count += 1;
            if count > MOST_DEPTH {
                return Err(Trouble::new(at, msg!("it nests too deeply")));
            }
            let optional = self.eat("?.");
            if self.symbol() == Some("(") {
                let arguments = self.arguments()?;
                operand = Expr { at: operand.at, node: Node::Call(Box::new(operand), arguments) };
            } else if self.eat("[") {
                let index = self.expression()?;
                self.expect("]")?;
                operand = Expr { at, node: Node::Index(Box::new(operand), Box::new(index)) };
            } else if optional || self.eat(".") {
                let Token::Name(name) = self.peek().clone() else { return Err(self.unexpected()) };
                self.at += 1;
                operand = Expr { at, node: Node::Member(Box::new(operand), name) };
            } else {
                return Ok(operand);
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Trouble> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.eat(")") {
            arguments.push(self.expression()?);
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Parsed {
        let at = self.place();
        let node = match self.peek().clone() {
            Token::Number(text) => Node::Number(text),
            Token::Text(text) => Node::Text(text),
            Token::Regex { source, flags } => Node::Regex { source, flags },
            Token::Item(path) => Node::Item(path),
            Token::Parameter(path) => Node::Parameter(path),
            Token::Parts(parts) => Node::Parts(self.parts(parts, at)?),
            Token::Name(name) => match name.as_str() {
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "null" | "undefined" => Node::Nothing,
                "this" => Node::Item(super::Path::default()),
                "new" => return self.made(at),
                "function" | "var" | "let" | "const" | "if" | "for" | "while" | "throw" | "class"
                | "await" => {
                    return Err(self.unexpected());
                }
                _ => Node::Name(name),
            },
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => return self.list(at),
            Token::Symbol("{") => return self.object(at),
            Token::Symbol(_) | Token::End => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(Expr { at, node })
    }

    fn parts(&mut self, parts: Vec<Part>, at: usize) -> Result<Vec<Expr>, Trouble> {
        let part = |part: Part| match part {
            Part::Text(text) => Ok(Expr { at, node: Node::Text(text) }),
            Part::Item(path) => Ok(Expr { at, node: Node::Item(path) }),
            Part::Parameter(path) => Ok(Expr { at, node: Node::Parameter(path) }),
            // its place counts from the start of this text
            Part::Source { text, at } => parse_at(&text, at, self.depth + 1),
        };
        parts.into_iter().map(part).collect()
    }

    /// `new Date(…)`
    fn made(&mut self, at: usize) -> Parsed {
        self.at += 1;
        let Token::Name(name) = self.peek().clone() else { return Err(self.unexpected()) };
        self.at += 1;
        let arguments = if self.symbol() == Some("(") { self.arguments()? } else { Vec::new() };
        Ok(Expr { at, node: Node::New(name, arguments) })
    }

    fn list(&mut self, at: usize) -> Parsed {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.eat("]") {
            let spread = self.eat("...");
            entries.push(Entry { value: self.expression()?, spread });
            if !self.eat(",") {
                self.expect("]")?;
                break;
            }
        }
        Ok(Expr { at, node: Node::List(entries) })
    }

    fn object(&mut self, at: usize) -> Parsed {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.eat("}") {
            if self.eat("...") {
                entries.push((None, self.expression()?));
            } else {
                let place = self.place();
                let (Token::Name(key) | Token::Text(key) | Token::Number(key)) = self.peek().clone() else {
                    return Err(self.unexpected());
                };
                self.at += 1;
                let value = if self.eat(":") {
                    self.expression()?
                } else {
                    Expr { at: place, node: Node::Name(key.clone()) }
                };
                entries.push((Some(key), value));
            }
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expr { at, node: Node::Object(entries) })
    }
}
