use super::{duration::Duration, error::Fail};
use crate::{
    msg,
    record::{BatchBuilder, List, Number, Object, Timestamp, Value},
};
use serde_json::Value as Json;
use std::{borrow::Cow, rc::Rc};

/// A value while an expression is evaluated: borrowed from the record, the parameters or the
/// expression wherever it can be, so that most expressions allocate nothing.
#[derive(Clone)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    /// A number in its exact text, as read; a double to arithmetic.
    Decimal(Cow<'a, str>),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Time(Timestamp),
    Duration(Duration),
    Masked(&'a str),
    List(Items<'a>),
    Map(Entries<'a>),
    Type(Type),
    Optional(Option<Rc<Val<'a>>>),
}

/// The items of a list.
#[derive(Clone)]
pub(super) enum Items<'a> {
    Record(List<'a>),
    Json(&'a [Json]),
    Made(Rc<Vec<Val<'a>>>),
}

/// The entries of a map.
#[derive(Clone)]
pub(super) enum Entries<'a> {
    Record(Object<'a>),
    Json(&'a serde_json::Map<String, Json>),
    Made(Rc<Vec<(Val<'a>, Val<'a>)>>),
}

/// What `type(x)` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    Masked,
    List,
    Map,
    Kind,
    Optional,
}

impl Type {
    pub(super) const ALL: [Self; 14] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::String,
        Self::Bytes,
        Self::Timestamp,
        Self::Duration,
        Self::Masked,
        Self::List,
        Self::Map,
        Self::Kind,
        Self::Optional,
    ];

    /// The name of the type in CEL.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::Masked => "masked",
            Self::List => "list",
            Self::Map => "map",
            Self::Kind => "type",
            Self::Optional => "optional_type",
        }
    }
}

impl<'a> Val<'a> {
    pub(super) fn of(value: Value<'a>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Int(int) => Self::Int(int),
            Value::Float(float) => Self::Double(float),
            Value::Decimal(text) => Self::Decimal(Cow::Borrowed(text)),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Time(time) => Self::Time(time),
            Value::Bytes(bytes) => Self::Bytes(Cow::Borrowed(bytes)),
            Value::Masked(mark) => Self::Masked(mark),
            Value::List(list) => Self::List(Items::Record(list)),
            Value::Object(object) => Self::Map(Entries::Record(object)),
        }
    }

    pub(super) fn json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Self::Int(int),
                (None, Some(uint)) => Self::Uint(uint),
                (None, None) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(items) => Self::List(Items::Json(items)),
            Json::Object(fields) => Self::Map(Entries::Json(fields)),
        }
    }

    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Items::Made(Rc::new(items)))
    }

    pub(super) fn map(entries: Vec<(Self, Self)>) -> Self {
        Self::Map(Entries::Made(Rc::new(entries)))
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) | Self::Decimal(_) => Type::Double,
            Self::Text(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Time(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::Masked(_) => Type::Masked,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
            Self::Type(_) => Type::Kind,
            Self::Optional(_) => Type::Optional,
        }
    }

    /// Bytes and items that copying the value takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(Cow::Owned(text)) => text.len(),
            Self::Bytes(Cow::Owned(bytes)) => bytes.len(),
            _ => 0,
        }
    }

    /// A record's value that needs no arena, to reuse what records can do.
    fn plain(&self) -> Option<Value<'_>> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(int) => Value::Int(*int),
            Self::Double(float) if float.is_finite() => Value::Float(*float),
            Self::Decimal(text) => Value::Decimal(text),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Time(time) => Value::Time(*time),
            Self::Masked(mark) => Value::Masked(mark),
            Self::Uint(uint) => Value::Int(i64::try_from(*uint).ok()?),
            _ => return None,
        })
    }

    /// Writes the value into a record; `fuel` pays for each item and each 16 bytes.
    pub(super) fn write(&self, out: &mut BatchBuilder, fuel: &mut Fuel) -> Result<(), Fail> {
        fuel.spend(1)?;
        if let Some(value) = self.plain() {
            if let Value::Text(text) = value {
                fuel.bytes(text.len())?;
            }
            out.copy(value);
            return Ok(());
        }
        match self {
            Self::Double(number) => return Err(not_finite(*number)),
            Self::Uint(uint) => out.decimal(itoa::Buffer::new().format(*uint)),
            Self::Duration(duration) => out.text(&duration.to_string()),
            Self::Type(kind) => out.text(kind.name()),
            Self::Optional(None) => out.null(),
            Self::Optional(Some(value)) => return value.write(out, fuel),
            Self::List(items) => {
                out.begin_list();
                for index in 0..items.len() {
                    items.get(index).unwrap_or(Val::Null).write(out, fuel)?;
                }
                out.end();
            }
            Self::Map(entries) => {
                out.begin_object();
                for (key, value) in entries.iter() {
                    let mut name = String::new();
                    key.plain_text(&mut name)?;
                    fuel.bytes(name.len())?;
                    out.key(&name)
                        .map_err(|error| Fail::from(msg!("{problem}", problem = error.to_string())))?;
                    value.write(out, fuel)?;
                }
                out.end();
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends a scalar as a person would type it.
    pub(super) fn plain_text(&self, out: &mut String) -> Result<(), Fail> {
        if let Some(value) = self.plain()
            && value.write_plain(out)
        {
            return Ok(());
        }
        match self {
            Self::Uint(uint) => out.push_str(itoa::Buffer::new().format(*uint)),
            Self::Double(number) => out.push_str(non_finite_name(*number)),
            Self::Duration(duration) => out.push_str(&duration.to_string()),
            Self::Type(kind) => out.push_str(kind.name()),
            Self::Optional(Some(value)) => return value.plain_text(out),
            Self::Null | Self::Optional(None) => {
                return Err(Fail::null(msg!("the value is null: it has no text")));
            }
            Self::Bytes(_) => {
                return Err(msg!("bytes are no text: write base64.encode(…) or string(…)").into());
            }
            Self::List(_) => {
                return Err(msg!("a list is no text: write join(…, \", \") or to_json(…)").into());
            }
            Self::Map(_) => {
                return Err(msg!("an object is no text: name one of its fields, or write to_json(…)").into());
            }
            _ => {}
        }
        Ok(())
    }

    /// The number, as a double.
    pub(super) fn as_f64(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
        Some(match self {
            Self::Int(int) => *int as f64,
            Self::Uint(uint) => *uint as f64,
            Self::Double(number) => *number,
            Self::Decimal(text) => Number::Decimal(text).to_f64(),
            _ => return None,
        })
    }
}

pub(super) const fn non_finite_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn not_finite(number: f64) -> Fail {
    msg!(
        "the result is {number}, which no record can hold: was something divided by zero?",
        number = non_finite_name(number)
    )
    .into()
}

/// The steps of work an evaluation may still take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fuel {
    left: u64,
    limit: u64,
}

impl Fuel {
    pub(super) const fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Fail> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.exhausted()),
        }
    }

    /// Pays for reading or writing text: a step for each 16 bytes.
    pub(super) fn bytes(&mut self, bytes: usize) -> Result<(), Fail> {
        self.spend(bytes as u64 / 16)
    }

    /// Pays for visiting or making items.
    pub(super) fn items(&mut self, items: usize) -> Result<(), Fail> {
        self.spend(items as u64)
    }

    #[cold]
    fn exhausted(&mut self) -> Fail {
        self.left = 0;
        msg!(
            "the expression takes more than {limit} steps of work on this record (limit `expression_fuel`)",
            limit = self.limit
        )
        .into()
    }

    /// Whether nothing is left: such a failure is final, no operator absorbs it.
    pub(super) const fn is_spent(self) -> bool {
        self.left == 0
    }
}

impl<'a> Items<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Record(list) => list.len(),
            Self::Json(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Val<'a>> {
        match self {
            Self::Record(list) => list.get(index).map(Val::of),
            Self::Json(items) => items.get(index).map(Val::json),
            Self::Made(items) => items.get(index).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Val<'a>> + '_ {
        (0..self.len()).map(|index| self.get(index).unwrap_or(Val::Null))
    }
}

impl<'a> Entries<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Record(object) => object.iter().count(),
            Self::Json(fields) => fields.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = (Val<'a>, Val<'a>)> + '_> {
        match self {
            Self::Record(object) => {
                Box::new(object.iter().map(|(key, value)| (Val::text(&**key), Val::of(value))))
            }
            Self::Json(fields) => {
                Box::new(fields.iter().map(|(key, value)| (Val::text(key.as_str()), Val::json(value))))
            }
            Self::Made(entries) => Box::new(entries.iter().cloned()),
        }
    }

    /// The value of a text key.
    pub(super) fn field(&self, name: &str, fuel: &mut Fuel) -> Result<Option<Val<'a>>, Fail> {
        Ok(match self {
            Self::Record(object) => object.get(name).map(Val::of),
            Self::Json(fields) => fields.get(name).map(Val::json),
            Self::Made(entries) => {
                fuel.items(entries.len())?;
                let found = entries.iter().find(|(key, _)| matches!(key, Val::Text(key) if key == name));
                found.map(|(_, value)| value.clone())
            }
        })
    }
}
