//! JSONPath (RFC 9535) over records.

mod filter;
mod parse;
mod pattern;
mod query;
mod tree;

use crate::{Message, record::Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A JSONPath query, such as `$.stations[?@.power > 22].name` (RFC 9535, all of it).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use bus_core::{path::JsonPath, record::{BatchBuilder, Value}};
///
/// let mut builder = BatchBuilder::new();
/// builder.json(&serde_json::json!({ "a": [{ "n": 1 }, { "n": 5 }] }))?;
/// let batch = builder.take();
/// let path: JsonPath = "$.a[?@.n > 2].n".parse()?;
/// assert_eq!(path.select(batch.record(0)), [Value::Int(5)]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPath {
    text: String,
    segments: Vec<tree::Segment>,
}

impl JsonPath {
    /// The values the query selects, in order.
    #[must_use]
    pub fn select<'a>(&'a self, root: Value<'a>) -> Vec<Value<'a>> {
        let nodes = query::run(&self.segments, root, query::Node::root(root, false));
        nodes.into_iter().map(|node| node.value).collect()
    }

    /// The values the query selects with where each stands, as a normalized path (RFC 9535 §2.7).
    #[must_use]
    pub fn locate<'a>(&'a self, root: Value<'a>) -> Vec<(String, Value<'a>)> {
        let nodes = query::run(&self.segments, root, query::Node::root(root, true));
        nodes.into_iter().map(|node| (node.path(), node.value)).collect()
    }

    /// The query as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a text is not a JSONPath query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPathError(Message);

impl JsonPathError {
    /// What is wrong, and at which character.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for JsonPathError {}

impl FromStr for JsonPath {
    type Err = JsonPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let segments = parse::query(text).map_err(JsonPathError)?;
        Ok(Self { text: text.to_owned(), segments })
    }
}

impl TryFrom<String> for JsonPath {
    type Error = JsonPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<JsonPath> for String {
    fn from(path: JsonPath) -> Self {
        path.text
    }
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for JsonPath {}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl JsonSchema for JsonPath {
    fn schema_name() -> Cow<'static, str> {
        "JsonPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::BatchBuilder;
    use proptest::prelude::*;

    #[test]
    fn times_compare_with_text() {
        let mut builder = BatchBuilder::new();
        builder.begin_list();
        for text in ["2026-03-28T00:00:00Z", "2026-03-29T00:00:00+01:00"] {
            builder.time(crate::record::Timestamp::parse(text).unwrap());
        }
        builder.end();
        let batch = builder.take();
        let path: JsonPath = "$[?@ >= '2026-03-28T23:00:00Z']".parse().unwrap();
        assert_eq!(path.locate(batch.record(0)).first().map(|(path, _)| path.as_str()), Some("$[1]"));
    }

    #[test]
    fn says_where_it_is_wrong() {
        let error = "$.é[?@.a = 1]".parse::<JsonPath>().unwrap_err();
        assert_eq!(error.to_string(), "`$.é[?@.a = 1]` is not a JSONPath query: see character 10");
        assert!(
            format!("$[?{}1==1{}]", "(".repeat(100_000), ")".repeat(100_000)).parse::<JsonPath>().is_err()
        );
        assert!(format!("$[?{}@]", "@[?".repeat(100_000)).parse::<JsonPath>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in "\\$[$@?.\\[\\]()*:,a-c0-2'\"\\\\ &|!=<>é-]{0,30}") {
            if let Ok(path) = text.parse::<JsonPath>() {
                let mut builder = BatchBuilder::new();
                builder.json(&serde_json::json!({ "a": [1, { "b": "c", "a": [] }, -2], "é": null })).unwrap();
                let batch = builder.take();
                prop_assert_eq!(path.select(batch.record(0)).len(), path.locate(batch.record(0)).len());
            }
        }
    }
}
