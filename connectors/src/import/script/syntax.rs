use super::Path;

/// A piece of an expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Expr {
    /// Where it starts, in bytes.
    pub(super) at: usize,
    pub(super) node: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) enum Node {
    Number(String),
    Text(String),
    Bool(bool),
    /// `null` and `undefined`.
    Nothing,
    Regex {
        source: String,
        flags: String,
    },
    /// A text with values in it.
    Parts(Vec<Expr>),
    /// `{$.path}`: something of the record.
    Item(Path),
    /// `{£.path}`: something of the run's parameters.
    Parameter(Path),
    Name(String),
    List(Vec<Entry>),
    Object(Vec<(Option<String>, Expr)>),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    New(String, Vec<Expr>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Conditional(Box<[Expr; 3]>),
    Arrow(Vec<String>, Box<Expr>),
}

/// An item of a list; `...items` stands for several.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Entry {
    pub(super) value: Expr,
    pub(super) spread: bool,
}
