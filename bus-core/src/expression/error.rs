use super::ast::Span;
use crate::{Message, message::Detail, msg, nearest::nearest, record::Shape};
use std::{fmt, sync::Arc};

/// What is wrong, before it is known where: what functions and operators return.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fail(Box<Inner>);

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    problem: Problem,
    span: Option<Span>,
    field: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Problem {
    Message(Message),
    /// Told in full only when somebody reads it: `||` may throw it away a million times.
    NoField {
        name: Box<str>,
        shape: Option<Arc<Shape>>,
    },
    /// Something needed is null.
    Null(Message),
}

impl Fail {
    fn of(problem: Problem) -> Self {
        Self(Box::new(Inner { problem, span: None, field: None }))
    }

    pub(super) fn no_field(name: &str, shape: Option<&Arc<Shape>>) -> Self {
        let mut fail = Self::of(Problem::NoField { name: name.into(), shape: shape.cloned() });
        fail.0.field = Some(name.into());
        fail
    }

    pub(super) fn null(message: Message) -> Self {
        Self::of(Problem::Null(message))
    }

    /// The same failure, at `span` unless it already knows its place.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// The same failure, of `field` unless it already names one.
    pub(super) fn of_field(mut self, field: Option<&str>) -> Self {
        if self.0.field.is_none() {
            self.0.field = field.map(Into::into);
        }
        self
    }

    /// Whether it is only that a value is not there.
    pub(super) const fn is_missing(&self) -> bool {
        matches!(self.0.problem, Problem::NoField { .. } | Problem::Null(_))
    }

    pub(super) fn into_error(self, source: &Arc<str>) -> EvalError {
        EvalError { fail: self, source: Arc::clone(source) }
    }
}

impl From<Message> for Fail {
    fn from(message: Message) -> Self {
        Self::of(Problem::Message(message))
    }
}

/// Why an expression gives no value for a record.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalError {
    fail: Fail,
    source: Arc<str>,
}

impl EvalError {
    /// What is wrong and what to do, with the part of the expression it is about.
    #[must_use]
    pub fn message(&self) -> Message {
        let problem = match &self.fail.0.problem {
            Problem::Message(message) | Problem::Null(message) => message.clone(),
            Problem::NoField { name, shape } => no_field(name, shape.as_deref()),
        };
        let Some(span) = self.fail.0.span else { return problem };
        let part = span.text(&self.source);
        if part.is_empty() || part.len() == self.source.trim().len() {
            return problem;
        }
        let (_, column) = span.place(&self.source);
        msg!(
            "{problem} (in `{part}`, column {column})",
            problem = problem,
            part = short(part),
            column = column
        )
    }

    /// The field the error is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> &str {
        self.fail.0.field.as_deref().unwrap_or_default()
    }

    /// Whether it is only that a value is not there: a field is absent or null.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.fail.is_missing()
    }

    /// The refusal of a record for this reason.
    #[must_use]
    pub fn reject(&self) -> crate::error::Reject {
        crate::error::Reject::field(self.field(), self.message())
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for EvalError {}

/// Why a text is not an expression (or a template).
#[derive(Debug, Clone, PartialEq)]
pub struct ParseError {
    message: Message,
    span: Span,
    source: Arc<str>,
}

impl ParseError {
    pub(super) fn new(span: Span, message: Message) -> Self {
        Self { message, span, source: Arc::default() }
    }

    pub(super) fn in_source(mut self, source: &Arc<str>) -> Self {
        self.source = Arc::clone(source);
        self
    }

    /// The same error, of an expression that stands `bytes` into a longer text.
    pub(super) fn shifted(mut self, bytes: usize, source: &Arc<str>) -> Self {
        self.span = self.span.shifted(bytes);
        self.in_source(source)
    }

    /// What is wrong and what to do, with the line it is in and a caret under the place.
    #[must_use]
    pub fn message(&self) -> Message {
        let (line, column) = self.span.place(&self.source);
        let text = self.source.lines().nth(line - 1).unwrap_or_default();
        // a caret under column 200 of a long line helps nobody
        let skip = column.saturating_sub(60);
        let shown: String = text.chars().skip(skip).take(100).collect();
        let width = self.span.text(&self.source).lines().next().unwrap_or_default().chars().count();
        let carets = "^".repeat(width.clamp(1, 100));
        let excerpt = format!("  {shown}\n  {}{carets}", " ".repeat(column - 1 - skip));
        msg!(
            "line {line}, column {column}: {problem}\n{excerpt}",
            line = line,
            column = column,
            problem = self.message.clone(),
            excerpt = excerpt
        )
    }

    /// What is wrong, without the place.
    #[must_use]
    pub const fn problem(&self) -> &Message {
        &self.message
    }

    /// Line and column, in characters from 1.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        self.span.place(&self.source)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ParseError {}

const MOST_NAMED: usize = 12;

fn no_field(name: &str, shape: Option<&Shape>) -> Message {
    let Some(shape) = shape else {
        return msg!("no field `{name}` here: this is not an object", name = name);
    };
    let keys = shape.keys();
    if let Some(near) = nearest(name, keys.iter().map(|key| &**key)) {
        return msg!("no field `{name}`; did you mean `{near}`?", name = name, near = near);
    }
    let mut names: Vec<String> = keys.iter().take(MOST_NAMED).map(|key| format!("`{key}`")).collect();
    if keys.len() > MOST_NAMED {
        names.push("…".to_owned());
    }
    msg!("no field `{name}`; the fields are {names}", name = name, names = names.join(", "))
}

/// How many letters must be inserted, deleted or replaced to make `a` of `b` (Levenshtein).
pub(super) fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (right, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let change = diagonal + usize::from(left != right);
            diagonal = *cell;
            *cell = change.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The start of a text, for messages.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

impl From<EvalError> for Message {
    fn from(error: EvalError) -> Self {
        error.message()
    }
}

impl From<ParseError> for Detail {
    fn from(error: ParseError) -> Self {
        Self::Message(error.message())
    }
}
