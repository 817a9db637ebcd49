use bus_core::{Message, msg};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// Where the records stand in a document: `data.results`, `$.feed[*].entry`, `["odd.name"][0]`.
///
/// The path leads to the list of the records (or to a single one); empty for the document itself. `*`
/// takes every item of a list or every field of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemPath {
    segments: Vec<ItemSegment>,
}

/// One step of an [`ItemPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemSegment {
    /// Into this field of an object.
    Key(String),
    /// Into this item of a list, from 0.
    Index(u64),
    /// Into every item or field.
    Every,
}

/// Why a text is not an item path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPathError(Message);

impl fmt::Display for ItemPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ItemPathError {}

impl ItemPath {
    /// The steps, outermost first; none for the document itself.
    #[must_use]
    pub fn segments(&self) -> &[ItemSegment] {
        &self.segments
    }
}

impl FromStr for ItemPath {
    type Err = ItemPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let rest = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let segments = segments(rest.strip_prefix('.').unwrap_or(rest)).ok_or_else(|| {
            ItemPathError(msg!(
                "`{path}` is not the path of a list: write `data.results` or `$.data[*].items`",
                path = text
            ))
        })?;
        Ok(Self { segments })
    }
}

fn segments(mut rest: &str) -> Option<Vec<ItemSegment>> {
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (segment, after) = bracket(inner)?;
            segments.push(segment);
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            segments.push(match name {
                "" => return None,
                "*" => ItemSegment::Every,
                _ if name.contains([']', '"', '*', '?']) => return None,
                _ => ItemSegment::Key(name.to_owned()),
            });
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('.') {
            if after.is_empty() || after.starts_with('[') {
                return None;
            }
            rest = after;
        }
    }
    Some(segments)
}

/// What stands between brackets, and what follows them.
fn bracket(inner: &str) -> Option<(ItemSegment, &str)> {
    if let Some(rest) = inner.strip_prefix('\'') {
        let (name, after) = rest.split_once('\'')?;
        return Some((ItemSegment::Key(name.to_owned()), after.strip_prefix(']')?));
    }
    if inner.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let name = names.next()?.ok()?;
        return Some((ItemSegment::Key(name), inner.get(names.byte_offset()..)?.strip_prefix(']')?));
    }
    let (index, after) = inner.split_once(']')?;
    let segment = match index.trim() {
        "*" => ItemSegment::Every,
        index => ItemSegment::Index(index.parse().ok()?),
    };
    Some((segment, after))
}

impl fmt::Display for ItemPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.segments.iter().enumerate() {
            match segment {
                ItemSegment::Key(key)
                    if key.is_empty() || key.contains(['.', '[', ']', '"', '*', '?', '$']) =>
                {
                    write!(f, "[{}]", serde_json::Value::from(key.as_str()))?;
                }
                ItemSegment::Key(key) => write!(f, "{}{key}", if place == 0 { "" } else { "." })?,
                ItemSegment::Index(index) => write!(f, "[{index}]")?,
                ItemSegment::Every => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for ItemPath {
    type Error = ItemPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ItemPath> for String {
    fn from(path: ItemPath) -> Self {
        path.to_string()
    }
}

impl JsonSchema for ItemPath {
    fn schema_name() -> Cow<'static, str> {
        "ItemPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        for text in ["", "a", "a.b[0].c", "[\"odd.name\"].b", "data[*].items", "[*][2]"] {
            assert_eq!(text.parse::<ItemPath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("$.a['b'].*".parse::<ItemPath>(), "a.b[*]".parse());
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in [".a.", "a.", "a..b", "a[", "a[x]", "a]", "a[-1]", "$..a", "a[?@.x]"] {
            assert!(text.parse::<ItemPath>().is_err(), "{text}");
        }
    }
}
