use super::{
    Batch, Cell, Key, Place, Shape, Timestamp,
    cell::{Raw, Span},
};
use std::{cmp::Ordering, fmt, iter, sync::Arc};

/// A value, borrowed from its batch.
///
/// A field that is not there is `None` where a lookup returns `Option<Value>`; *null* (nothing, said
/// so) and *masked* (a value exists but is withheld, such as `S` or `< 1`) are values of their own.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// Nothing, said so.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary floating-point number, as computed; always finite.
    Float(f64),
    /// A decimal number in its exact text (JSON number grammar), as read.
    Decimal(&'a str),
    /// Text.
    Text(&'a str),
    /// A point in time or a date.
    Time(Timestamp),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A withheld value, with the mark that stood for it.
    Masked(&'a str),
    /// A list.
    List(List<'a>),
    /// An object with named fields.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// The text, if this is text.
    #[must_use]
    pub const fn as_text(self) -> Option<&'a str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if this is one of the three kinds of number.
    #[must_use]
    pub fn as_number(self) -> Option<Number<'a>> {
        match self {
            Value::Int(int) => Some(Number::Int(int)),
            Value::Float(float) => Some(Number::Float(float)),
            Value::Decimal(text) => Some(Number::Decimal(text)),
            _ => None,
        }
    }

    /// The nearest floating-point number, if this is a number.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        self.as_number().map(Number::to_f64)
    }

    /// The object, if this is one.
    #[must_use]
    pub const fn as_object(self) -> Option<Object<'a>> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The list, if this is one.
    #[must_use]
    pub const fn as_list(self) -> Option<List<'a>> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// Whether this is null.
    #[must_use]
    pub const fn is_null(self) -> bool {
        matches!(self, Value::Null)
    }

    /// The English word for the kind of value, for messages.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) | Value::Decimal(_) => "number",
            Value::Text(_) => "text",
            Value::Time(_) => "time",
            Value::Bytes(_) => "bytes",
            Value::Masked(_) => "masked",
            Value::List(_) => "list",
            Value::Object(_) => "object",
        }
    }

    /// Writes a scalar as a person would type it (numbers, text, times, marks); `false`, and nothing
    /// written, for null, bytes, lists and objects.
    pub fn write_plain(self, out: &mut String) -> bool {
        match self {
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Int(int) => out.push_str(itoa::Buffer::new().format(int)),
            Value::Float(float) => Number::Float(float).write(out),
            Value::Decimal(text) | Value::Text(text) | Value::Masked(text) => out.push_str(text),
            Value::Time(time) => time.write(out),
            Value::Null | Value::Bytes(_) | Value::List(_) | Value::Object(_) => return false,
        }
        true
    }
}

/// Equality by meaning: numbers by value whatever their kind, objects by fields whatever their order.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) | (Value::Masked(a), Value::Masked(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (Value::Object(a), Value::Object(b)) => a.same_fields(b),
            (a, b) => match (a.as_number(), b.as_number()) {
                (Some(a), Some(b)) => a.compare(b) == Ordering::Equal,
                _ => false,
            },
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(int) => write!(f, "{int}"),
            Value::Float(float) => write!(f, "{float:?}"),
            Value::Decimal(text) => write!(f, "{text}d"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Time(time) => write!(f, "@{time}"),
            Value::Bytes(bytes) => write!(f, "b{bytes:?}"),
            Value::Masked(mark) => write!(f, "masked({mark:?})"),
            Value::List(list) => f.debug_list().entries(list.iter()).finish(),
            Value::Object(object) => f.debug_map().entries(object.iter()).finish(),
        }
    }
}

/// A number of any of the three kinds.
#[derive(Debug, Clone, Copy)]
pub enum Number<'a> {
    /// Whole.
    Int(i64),
    /// Binary floating point, finite.
    Float(f64),
    /// Exact decimal text (JSON number grammar).
    Decimal(&'a str),
}

impl Number<'_> {
    /// The nearest floating-point number.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what is asked for")]
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
            Number::Decimal(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Writes the number in JSON's grammar.
    pub fn write(self, out: &mut String) {
        match self {
            Number::Int(int) => out.push_str(itoa::Buffer::new().format(int)),
            Number::Float(float) => {
                let mut buffer = zmij::Buffer::new();
                let text = buffer.format(float);
                out.push_str(text.strip_suffix(".0").unwrap_or(text));
            }
            Number::Decimal(text) => out.push_str(text),
        }
    }
}

/// A list of values, borrowed from its batch.
#[derive(Clone, Copy)]
pub struct List<'a> {
    batch: &'a Batch,
    cells: &'a [Cell],
}

impl<'a> List<'a> {
    /// How many items there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.cells.is_empty()
    }

    /// The item at `index`, from 0.
    #[must_use]
    pub fn get(self, index: usize) -> Option<Value<'a>> {
        self.batch.resolve(*self.cells.get(index)?)
    }

    /// The items in order.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> + 'a {
        self.cells.iter().map(move |cell| self.batch.resolve(*cell).unwrap_or(Value::Null))
    }

    /// The items as cells of their batch.
    #[must_use]
    pub const fn cells(self) -> &'a [Cell] {
        self.cells
    }

    /// The batch the cells belong to.
    #[must_use]
    pub const fn batch(self) -> &'a Batch {
        self.batch
    }
}

/// An object with named fields, borrowed from its batch.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    batch: &'a Batch,
    shape: &'a Arc<Shape>,
    /// Where in the batch its cells begin.
    start: u32,
    cells: &'a [Cell],
}

impl<'a> Object<'a> {
    pub(super) const fn start(self) -> u32 {
        self.start
    }

    /// Where it stands in what it was read from, if it is a record of its batch and that is known.
    #[must_use]
    pub fn place(self) -> Option<Place> {
        self.batch.place(self)
    }

    /// The shape: the keys in order.
    #[must_use]
    pub const fn shape(self) -> &'a Arc<Shape> {
        self.shape
    }

    /// The value of the field `key`; `None` where the object lacks it.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.at(self.shape.position(key)?)
    }

    /// The value at a position of the shape; `None` where the object lacks it.
    #[must_use]
    pub fn at(self, position: usize) -> Option<Value<'a>> {
        self.batch.resolve(*self.cells.get(position)?)
    }

    /// The cell at a position of the shape; absent beyond its end.
    #[must_use]
    pub fn cell(self, position: usize) -> Cell {
        self.cells.get(position).copied().unwrap_or(Cell::ABSENT)
    }

    /// The fields that are there, in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a Key, Value<'a>)> + 'a {
        iter::zip(self.shape.keys(), self.cells)
            .filter_map(move |(key, cell)| Some((key, self.batch.resolve(*cell)?)))
    }

    /// All cells, in the order of the shape, absent ones too.
    #[must_use]
    pub const fn cells(self) -> &'a [Cell] {
        self.cells
    }

    /// The batch the cells belong to.
    #[must_use]
    pub const fn batch(self) -> &'a Batch {
        self.batch
    }

    fn same_fields(self, other: Self) -> bool {
        self.iter().count() == other.iter().count()
            && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl Batch {
    /// The value of one of this batch's cells; `None` if it is absent.
    #[must_use]
    #[inline]
    pub fn resolve(&self, cell: Cell) -> Option<Value<'_>> {
        Some(match cell.0 {
            Raw::Absent => return None,
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::Int(int) => Value::Int(int),
            Raw::Float(float) => Value::Float(float),
            Raw::Decimal(span) => Value::Decimal(self.text(span)),
            Raw::Text(span) => Value::Text(self.text(span)),
            Raw::Masked(span) => Value::Masked(self.text(span)),
            Raw::Bytes(span) => Value::Bytes(self.raw_bytes(span)),
            Raw::Time { precision, offset, micros } => Value::Time(Timestamp::raw(micros, offset, precision)),
            Raw::List { start, len } => {
                Value::List(List { batch: self, cells: self.run(start, len as usize) })
            }
            Raw::Object { shape, start } => {
                let shape = self.shapes.get(shape as usize)?;
                Value::Object(Object { batch: self, shape, start, cells: self.run(start, shape.len()) })
            }
        })
    }

    #[inline]
    pub(super) fn text(&self, span: Span) -> &str {
        let range = span.range();
        self.texts.get(span.segment as usize).and_then(|text| text.get(range)).unwrap_or_default()
    }

    pub(super) fn raw_bytes(&self, span: Span) -> &[u8] {
        let range = span.range();
        self.bytes.get(span.segment as usize).and_then(|bytes| bytes.get(range)).unwrap_or_default()
    }

    #[inline]
    pub(super) fn run(&self, start: u32, len: usize) -> &[Cell] {
        let start = start as usize;
        self.cells.get(start..start + len).unwrap_or_default()
    }
}
