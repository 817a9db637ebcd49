//! A value that outlives its batch.

use bus_core::record::{BatchBuilder, Key, Timestamp, Value};
use std::sync::Arc;

/// A copy of a [`Value`], for what a step remembers from one batch to the next.
#[derive(Debug, Clone, PartialEq)]
pub enum Owned {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A computed number.
    Float(f64),
    /// An exact decimal.
    Decimal(Box<str>),
    /// Text.
    Text(Box<str>),
    /// A time.
    Time(Timestamp),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A withheld value.
    Masked(Box<str>),
    /// A list.
    List(Vec<Owned>),
    /// An object.
    Object(Vec<(Key, Owned)>),
}

impl From<Value<'_>> for Owned {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Int(int) => Self::Int(int),
            Value::Float(float) => Self::Float(float),
            Value::Decimal(text) => Self::Decimal(text.into()),
            Value::Text(text) => Self::Text(text.into()),
            Value::Time(time) => Self::Time(time),
            Value::Bytes(bytes) => Self::Bytes(bytes.into()),
            Value::Masked(mark) => Self::Masked(mark.into()),
            Value::List(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(object) => {
                Self::Object(object.iter().map(|(key, value)| (Arc::clone(key), value.into())).collect())
            }
        }
    }
}

impl Owned {
    /// Writes the value.
    pub fn write(&self, out: &mut BatchBuilder) {
        match self {
            Self::Null => out.null(),
            Self::Bool(value) => out.bool(*value),
            Self::Int(int) => out.int(*int),
            Self::Float(float) => out.float(*float),
            Self::Decimal(text) => out.decimal(text),
            Self::Text(text) => out.text(text),
            Self::Time(time) => out.time(*time),
            Self::Bytes(bytes) => out.bytes(bytes),
            Self::Masked(mark) => out.masked(mark),
            Self::List(items) => {
                out.begin_list();
                items.iter().for_each(|item| item.write(out));
                out.end();
            }
            Self::Object(fields) => {
                out.begin_object();
                for (key, value) in fields {
                    if out.key(key).is_ok() {
                        value.write(out);
                    }
                }
                out.end();
            }
        }
    }

    /// Writes the value, or that there is none.
    pub fn write_option(value: Option<&Self>, out: &mut BatchBuilder) {
        match value {
            Some(value) => value.write(out),
            None => out.absent(),
        }
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let inside = match self {
            Self::Decimal(text) | Self::Text(text) | Self::Masked(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Object(fields) => fields.iter().map(|(_, value)| 16 + value.size()).sum(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Time(_) => 0,
        };
        size_of::<Self>() + inside
    }
}
