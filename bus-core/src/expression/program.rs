use super::{
    ast::{Literal, Operator, Span},
    functions::Function,
    value::Type,
};
use regex::Regex;
use std::sync::Arc;

/// A compiled expression: names resolved, macros expanded, constant patterns compiled.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) source: Arc<str>,
    pub(super) root: Node,
    /// The field names read, one for each place that reads one.
    pub(super) slots: Vec<Box<str>>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) op: Op,
}

#[derive(Debug)]
pub(super) enum Op {
    Literal(Literal),
    Type(Type),
    /// A field of the record; where there is none, the type of that name.
    Field {
        slot: usize,
        kind: Option<Type>,
    },
    Record,
    Parameters,
    Now,
    /// A variable of a macro, by its place on the stack.
    Local(usize),
    Select {
        operand: Box<Node>,
        slot: usize,
        optional: bool,
    },
    Has {
        operand: Box<Node>,
        slot: usize,
    },
    Index {
        operand: Box<Node>,
        index: Box<Node>,
        optional: bool,
    },
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Equal {
        negated: bool,
        sides: Box<[Node; 2]>,
    },
    Compare(Operator, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Arithmetic(Operator, Box<[Node; 2]>),
    Conditional(Box<[Node; 3]>),
    List(Vec<(Node, bool)>),
    Map(Vec<(Node, Node, bool)>),
    Call {
        function: &'static Function,
        args: Vec<Node>,
        /// The pattern, where it is constant.
        regex: Option<Regex>,
    },
    Loop(Box<Loop>),
    /// `cel.bind(name, value, body)`.
    Bind {
        value: Box<Node>,
        body: Box<Node>,
    },
    /// `x.optMap(name, body)`, or `optFlatMap`.
    IfPresent {
        optional: Box<Node>,
        body: Box<Node>,
        flat: bool,
    },
    /// The first that is neither absent nor null (nor, with `errors`, fails).
    FirstOf {
        choices: Vec<Node>,
        errors: bool,
    },
}

/// A macro over the items of a list or the entries of a map.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) kind: LoopKind,
    pub(super) range: Node,
    /// Index and item, or key and value, rather than item or key alone.
    pub(super) two: bool,
    pub(super) filter: Option<Node>,
    pub(super) body: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    List,
    Filter,
    /// A map with the keys of the range.
    Values,
    /// A map of the maps that the body gives.
    Entries,
    SortBy,
}

impl Node {
    /// The field this reads, as a path, if it does just that.
    pub(super) fn path(&self, slots: &[Box<str>]) -> Option<String> {
        match &self.op {
            Op::Field { slot, .. } => slots.get(*slot).map(|name| name.as_ref().to_owned()),
            Op::Select { operand, slot, .. } | Op::Has { operand, slot } => {
                let name = slots.get(*slot)?;
                match operand.op {
                    Op::Record => Some(name.as_ref().to_owned()),
                    _ => Some(format!("{}.{name}", operand.path(slots)?)),
                }
            }
            Op::Index { operand, index, .. } => match &index.op {
                Op::Literal(Literal::Int(index)) => Some(format!("{}[{index}]", operand.path(slots)?)),
                _ => None,
            },
            _ => None,
        }
    }
}
