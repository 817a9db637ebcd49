//! From syntax to program: names are resolved and macros expanded once, not for each record.

use super::{
    ast::{Ast, AstKind, Item, Literal, Operator, Span},
    error::ParseError,
    functions::{self, Function},
    parser,
    program::{Loop, LoopKind, Node, Op, Program},
    regexes,
    value::Type,
};
use crate::{msg, nearest::nearest};
use std::sync::Arc;

pub(super) fn compile(source: &Arc<str>) -> Result<Program, ParseError> {
    let compiled = parser::parse(source).and_then(|ast| {
        let mut compiler = Compiler::default();
        let root = compiler.node(ast)?;
        Ok(Program { source: Arc::clone(source), root, slots: compiler.slots })
    });
    compiled.map_err(|error| error.in_source(source))
}

#[derive(Default)]
struct Compiler {
    slots: Vec<Box<str>>,
    /// Variables of the macros around, innermost last.
    locals: Vec<String>,
}

type Compiled = Result<Node, ParseError>;

impl Compiler {
    fn slot(&mut self, name: String) -> usize {
        self.slots.push(name.into_boxed_str());
        self.slots.len() - 1
    }

    fn boxed(&mut self, ast: Ast) -> Result<Box<Node>, ParseError> {
        Ok(Box::new(self.node(ast)?))
    }

    fn pair(&mut self, a: Ast, b: Ast) -> Result<Box<[Node; 2]>, ParseError> {
        Ok(Box::new([self.node(a)?, self.node(b)?]))
    }

    fn nodes(&mut self, asts: Vec<Ast>) -> Result<Vec<Node>, ParseError> {
        asts.into_iter().map(|ast| self.node(ast)).collect()
    }

    fn node(&mut self, ast: Ast) -> Compiled {
        let span = ast.span;
        let op = match ast.kind {
            AstKind::Literal(literal) => Op::Literal(literal),
            AstKind::Ident(name) => self.ident(name),
            AstKind::Select { operand, field, optional } => self.select(*operand, field, optional)?,
            AstKind::Index { operand, index, optional } => self.index(*operand, *index, optional)?,
            AstKind::Call { target, name, name_span, args } => {
                return self.call(span, Called { target, name, name_span, args });
            }
            AstKind::Not(operand) => Op::Not(self.boxed(*operand)?),
            AstKind::Negate(operand) => Op::Negate(self.boxed(*operand)?),
            AstKind::And(terms) => Op::And(self.nodes(terms)?),
            AstKind::Or(terms) => Op::Or(self.nodes(terms)?),
            AstKind::Binary(operator, a, b) => {
                let sides = self.pair(*a, *b)?;
                match operator {
                    Operator::Equal => Op::Equal { negated: false, sides },
                    Operator::NotEqual => Op::Equal { negated: true, sides },
                    Operator::In => Op::In(sides),
                    Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
                        Op::Compare(operator, sides)
                    }
                    _ => Op::Arithmetic(operator, sides),
                }
            }
            AstKind::Conditional(parts) => {
                let [condition, yes, no] = *parts;
                Op::Conditional(Box::new([self.node(condition)?, self.node(yes)?, self.node(no)?]))
            }
            AstKind::List(items) => {
                let items =
                    items.into_iter().map(|Item { value, optional }| Ok((self.node(value)?, optional)));
                Op::List(items.collect::<Result<_, ParseError>>()?)
            }
            AstKind::Map(entries) => {
                let entries = entries.into_iter().map(|(key, Item { value, optional })| {
                    Ok((self.node(key)?, self.node(value)?, optional))
                });
                Op::Map(entries.collect::<Result<_, ParseError>>()?)
            }
        };
        Ok(Node { span, op })
    }

    fn ident(&mut self, name: String) -> Op {
        if let Some(place) = self.locals.iter().rposition(|local| *local == name) {
            return Op::Local(place);
        }
        match name.as_str() {
            "record" => Op::Record,
            "params" => Op::Parameters,
            "now" => Op::Now,
            _ => {
                let kind = Type::ALL.into_iter().find(|kind| kind.name() == name);
                Op::Field { slot: self.slot(name), kind }
            }
        }
    }

    fn select(&mut self, operand: Ast, field: String, optional: bool) -> Result<Op, ParseError> {
        if !optional
            && let AstKind::Select { operand: outer, field: middle, .. } = &operand.kind
            && let AstKind::Ident(root) = &outer.kind
            && let Some(kind) =
                Type::ALL.into_iter().find(|kind| kind.name() == format!("{root}.{middle}.{field}"))
        {
            return Ok(Op::Type(kind));
        }
        let operand = self.node(operand)?;
        // `record.x` is the field `x` and nothing else
        if matches!(operand.op, Op::Record) && !optional {
            return Ok(Op::Field { slot: self.slot(field), kind: None });
        }
        Ok(Op::Select { operand: Box::new(operand), slot: self.slot(field), optional })
    }

    fn index(&mut self, operand: Ast, index: Ast, optional: bool) -> Result<Op, ParseError> {
        if let AstKind::Literal(Literal::Text(name)) = &index.kind {
            let name = name.as_ref().to_owned();
            return self.select(operand, name, optional);
        }
        Ok(Op::Index { operand: self.boxed(operand)?, index: self.boxed(index)?, optional })
    }

    fn call(&mut self, span: Span, mut called: Called) -> Compiled {
        if let Some(namespace) = called.namespace() {
            called.name = format!("{namespace}.{}", called.name);
            called.target = None;
        }
        if let Some(op) = self.special(&mut called)? {
            return Ok(Node { span, op });
        }
        let Some(function) = functions::find(&called.name) else { return Err(unknown(&called)) };
        let args: Vec<Ast> = called.target.map(|target| *target).into_iter().chain(called.args).collect();
        if !function.takes(args.len()) {
            return Err(ParseError::new(
                called.name_span,
                msg!(
                    "`{name}` does not take {count} values: write {signature}",
                    name = called.name,
                    count = args.len(),
                    signature = function.signature()
                ),
            ));
        }
        let regex = constant_regex(function, &args)?;
        Ok(Node { span, op: Op::Call { function, args: self.nodes(args)?, regex } })
    }

    /// Macros, and functions that do not need all their values.
    fn special(&mut self, called: &mut Called) -> Result<Option<Op>, ParseError> {
        match (called.name.as_str(), &called.target, called.args.len()) {
            ("has", None, 1) => self.has(called).map(Some),
            ("default", None, 2) | ("coalesce", None, 1..) => self.first_of(called, false).map(Some),
            ("try", None, 2) => self.first_of(called, true).map(Some),
            ("default", Some(_), 1) => {
                let target = called.target.take().map(|target| *target);
                called.args.splice(0..0, target);
                self.first_of(called, false).map(Some)
            }
            ("cel.bind", None, 3) => {
                let (body, value) = (called.args.pop(), called.args.pop());
                let name = called.args.pop().map(simple_name).transpose()?;
                let (Some(name), Some(value), Some(body)) = (name, value, body) else { return Ok(None) };
                let value = self.boxed(value)?;
                let body = Box::new(self.under(&[&name], body)?);
                Ok(Some(Op::Bind { value, body }))
            }
            ("optMap" | "optFlatMap", Some(_), 2) => {
                let flat = called.name == "optFlatMap";
                let (target, body) = (called.target.take(), called.args.pop());
                let name = called.args.pop().map(simple_name).transpose()?;
                let (Some(name), Some(target), Some(body)) = (name, target, body) else { return Ok(None) };
                let optional = self.boxed(*target)?;
                let body = Box::new(self.under(&[&name], body)?);
                Ok(Some(Op::IfPresent { optional, body, flat }))
            }
            (name, Some(_), count) => match loop_kind(name, count) {
                Some((kind, two)) => self.looped(kind, two, called).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn has(&mut self, called: &mut Called) -> Result<Op, ParseError> {
        let Some(argument) = called.args.pop() else { return Ok(Op::Record) };
        let span = argument.span;
        let argument = self.node(argument)?;
        match argument.op {
            Op::Field { slot, .. } => Ok(Op::Has { operand: Box::new(Node { span, op: Op::Record }), slot }),
            Op::Select { operand, slot, .. } => Ok(Op::Has { operand, slot }),
            _ => Err(ParseError::new(span, msg!("has(…) takes a field, such as has(address.city)"))),
        }
    }

    fn first_of(&mut self, called: &mut Called, errors: bool) -> Result<Op, ParseError> {
        let args = std::mem::take(&mut called.args);
        Ok(Op::FirstOf { choices: self.nodes(args)?, errors })
    }

    /// A node that sees these variables.
    fn under(&mut self, names: &[&str], body: Ast) -> Compiled {
        let before = self.locals.len();
        self.locals.extend(names.iter().map(|name| (*name).to_owned()));
        let node = self.node(body);
        self.locals.truncate(before);
        node
    }

    fn looped(&mut self, kind: LoopKind, two: bool, called: &mut Called) -> Result<Op, ParseError> {
        let range = called.target.take().map(|target| self.node(*target)).transpose()?;
        let mut args = std::mem::take(&mut called.args).into_iter();
        let mut names = Vec::new();
        for argument in args.by_ref().take(if two { 2 } else { 1 }) {
            names.push(simple_name(argument)?);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut bodies: Vec<Node> = args.map(|body| self.under(&names, body)).collect::<Result<_, _>>()?;
        let body = bodies.pop();
        let filter = bodies.pop();
        let (Some(range), Some(body)) = (range, body) else { return Ok(Op::Record) };
        Ok(Op::Loop(Box::new(Loop { kind, range, two, filter, body })))
    }
}

struct Called {
    target: Option<Box<Ast>>,
    name: String,
    name_span: Span,
    args: Vec<Ast>,
}

impl Called {
    /// `math` of `math.round(x)`.
    fn namespace(&self) -> Option<String> {
        let AstKind::Ident(namespace) = &self.target.as_ref()?.kind else { return None };
        let full = format!("{namespace}.{}", self.name);
        (full == "cel.bind" || functions::find(&full).is_some()).then(|| namespace.clone())
    }
}

/// Which macro a method of this name and number of arguments is, and whether it has two variables.
fn loop_kind(name: &str, count: usize) -> Option<(LoopKind, bool)> {
    Some(match (name, count) {
        ("all", 2) => (LoopKind::All, false),
        ("all", 3) => (LoopKind::All, true),
        ("exists", 2) => (LoopKind::Exists, false),
        ("exists", 3) => (LoopKind::Exists, true),
        ("exists_one" | "existsOne", 2) => (LoopKind::ExistsOne, false),
        ("exists_one" | "existsOne", 3) => (LoopKind::ExistsOne, true),
        ("map", 2 | 3) => (LoopKind::List, false),
        ("filter", 2) => (LoopKind::Filter, false),
        ("transformList", 3 | 4) => (LoopKind::List, true),
        ("transformMap", 3 | 4) => (LoopKind::Values, true),
        ("transformMapEntry", 3 | 4) => (LoopKind::Entries, true),
        ("sortBy", 2) => (LoopKind::SortBy, false),
        _ => return None,
    })
}

fn simple_name(ast: Ast) -> Result<String, ParseError> {
    match ast.kind {
        AstKind::Ident(name) => Ok(name),
        _ => Err(ParseError::new(ast.span, msg!("a simple name for the variable is needed here"))),
    }
}

fn constant_regex(function: &Function, args: &[Ast]) -> Result<Option<regex::Regex>, ParseError> {
    let Some(place) = function.pattern() else { return Ok(None) };
    let Some(Ast { span, kind: AstKind::Literal(Literal::Text(pattern)), .. }) = args.get(place) else {
        return Ok(None);
    };
    regexes::compile(pattern).map(Some).map_err(|message| ParseError::new(*span, message))
}

fn unknown(called: &Called) -> ParseError {
    const MACROS: [&str; 10] =
        ["has", "all", "exists", "exists_one", "map", "filter", "default", "coalesce", "try", "sortBy"];
    let names = functions::all().map(Function::name).chain(MACROS);
    let macro_name = called.target.is_some() && MACROS.contains(&called.name.as_str());
    let message = match nearest(&called.name, names) {
        _ if macro_name => msg!(
            "`{name}` takes a variable and an expression, such as list.{name}(x, x > 0)",
            name = called.name.as_str()
        ),
        Some(near) => msg!(
            "unknown function `{name}`; did you mean `{near}`?",
            name = called.name.as_str(),
            near = near
        ),
        None => msg!("unknown function `{name}`", name = called.name.as_str()),
    };
    ParseError::new(called.name_span, message)
}
