//! What a query is, once it is read.

use super::pattern::Pattern;

#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// Selectors on each value.
    Child(Vec<Selector>),
    /// Selectors on each value and everything in it.
    Descendant(Vec<Selector>),
}

#[derive(Debug, Clone)]
pub(super) enum Selector {
    Name(String),
    Every,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Test),
}

/// What is true or false of a value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Exists(Query),
    Compare(Term, Comparison, Term),
    /// `match` (the whole text) or `search` (a part of it).
    Matches {
        text: Term,
        pattern: Box<Against>,
        whole: bool,
    },
}

/// The pattern of `match` or `search`.
#[derive(Debug, Clone)]
pub(super) enum Against {
    /// Written in the query; `None` if it is no I-Regexp, which matches nothing.
    Fixed(Option<Pattern>),
    /// Found in the data.
    Found(Term),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What gives one value, or nothing.
#[derive(Debug, Clone)]
pub(super) enum Term {
    Null,
    Bool(bool),
    Int(i64),
    /// A number in its exact text.
    Decimal(String),
    Text(String),
    /// A query that selects one value at most.
    Single(Query),
    Length(Box<Term>),
    Count(Query),
    /// The value, if the query selects exactly one.
    Value(Query),
}

#[derive(Debug, Clone)]
pub(super) struct Query {
    /// From the whole record (`$`), not the value at hand (`@`).
    pub(super) absolute: bool,
    pub(super) segments: Vec<Segment>,
}

impl Query {
    /// Whether it can only ever select one value.
    pub(super) fn is_single(&self) -> bool {
        self.segments.iter().all(|segment| {
            matches!(segment, Segment::Child(selectors)
                if matches!(selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)]))
        })
    }
}
