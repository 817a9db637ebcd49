/// Bytes `start..end` of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        // a source is far below 4 GiB (`MOST_BYTES`)
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    pub(super) const fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }

    pub(super) fn shifted(self, bytes: usize) -> Self {
        Self::new(self.start as usize + bytes, self.end as usize + bytes)
    }

    pub(super) fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Line and column of the start, in characters from 1.
    pub(super) fn place(self, source: &str) -> (usize, usize) {
        let before = source.get(..self.start as usize).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// An expression as it was written, macros not yet expanded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ast {
    pub(super) span: Span,
    /// Levels below and with this one.
    pub(super) depth: u16,
    pub(super) kind: AstKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum AstKind {
    Literal(Literal),
    Ident(String),
    Select { operand: Box<Ast>, field: String, optional: bool },
    Index { operand: Box<Ast>, index: Box<Ast>, optional: bool },
    Call { target: Option<Box<Ast>>, name: String, name_span: Span, args: Vec<Ast> },
    Not(Box<Ast>),
    Negate(Box<Ast>),
    And(Vec<Ast>),
    Or(Vec<Ast>),
    Binary(Operator, Box<Ast>, Box<Ast>),
    Conditional(Box<[Ast; 3]>),
    List(Vec<Item>),
    Map(Vec<(Ast, Item)>),
}

/// An element of a list or a value of a map; `?` before it leaves it out when it is an empty optional.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) value: Ast,
    pub(super) optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
