use crate::{Message, msg, record::Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A simple path to one field, as typed in a form: `a.b[0].c`.
///
/// A name with dots, brackets or quotes in it is written `["odd.name"]` (JSON string); a plain name may
/// hold anything else, spaces and accents too. Indexes count from 0, negative ones from the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath {
    segments: Vec<Segment>,
}

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// Into the field of an object.
    Key(Box<str>),
    /// Into the item of a list.
    Index(i64),
}

/// Why a text is not a field path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPathError(Message);

impl fmt::Display for FieldPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FieldPathError {}

impl FieldPath {
    /// A path to the field `key` of the record, whatever characters it holds.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Self { segments: vec![Segment::Key(key.into())] }
    }

    /// The steps, outermost first; never empty.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The name, if the path is just one field of the record.
    #[must_use]
    pub fn as_key(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [Segment::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// What stands there; `None` if the record has nothing there.
    #[must_use]
    pub fn get<'a>(&self, record: Value<'a>) -> Option<Value<'a>> {
        self.segments.iter().try_fold(record, |value, segment| match segment {
            Segment::Key(key) => value.as_object()?.get(key),
            Segment::Index(index) => {
                let list = value.as_list()?;
                let index = match usize::try_from(*index) {
                    Ok(index) => index,
                    Err(_) => list.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
                };
                list.get(index)
            }
        })
    }
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || {
            FieldPathError(msg!(
                "`{path}` is not a field path: write `a.b[0].c`, or `[\"odd.name\"]`",
                path = text
            ))
        };
        let mut segments = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (segment, after) = bracket(inner).ok_or_else(error)?;
                segments.push(segment);
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                if name.is_empty() || name.contains([']', '"']) {
                    return Err(error());
                }
                segments.push(Segment::Key(name.into()));
                rest = after;
            }
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() || after.starts_with('[') {
                    return Err(error());
                }
                rest = after;
            }
        }
        if segments.is_empty() { Err(error()) } else { Ok(Self { segments }) }
    }
}

/// What stands between brackets, and what follows them.
fn bracket(inner: &str) -> Option<(Segment, &str)> {
    if inner.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let name = names.next()?.ok()?;
        let after = inner.get(names.byte_offset()..)?.strip_prefix(']')?;
        return Some((Segment::Key(name.into()), after));
    }
    let (index, after) = inner.split_once(']')?;
    Some((Segment::Index(index.trim().parse().ok()?), after))
}

impl TryFrom<String> for FieldPath {
    type Error = FieldPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.to_string()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Key(key)
                    if key.is_empty() || key.trim() != &**key || key.contains(['.', '[', ']', '"']) =>
                {
                    write!(f, "[{}]", serde_json::Value::from(&**key))?;
                }
                Segment::Key(key) => write!(f, "{}{key}", if place == 0 { "" } else { "." })?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl JsonSchema for FieldPath {
    fn schema_name() -> Cow<'static, str> {
        "FieldPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "x-form": "field" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        for text in ["a", "a.b[0].c", "[\"odd.name\"].b", "Nom de la commune", "a[-1]", "a[\"x\\\"y\"]"] {
            assert_eq!(text.parse::<FieldPath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in ["", " ", ".a", "a.", "a..b", "a[", "a[x]", "a]", "a.[0]"] {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }
}
