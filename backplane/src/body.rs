//! What documents say: JSON as text. It is made once by whoever saves, and read only by whoever wants to know.

use crate::{Collection, Index, IndexValue};
use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value as Json, value::RawValue};
use std::fmt;

/// The body of a document: JSON, as it was written.
#[derive(Debug, Clone)]
pub struct Body(Box<RawValue>);

impl Body {
    /// What a value is in JSON.
    ///
    /// # Errors
    /// If the value has no form in JSON.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// What was written, if it is JSON.
    ///
    /// # Errors
    /// If it is not.
    pub(crate) fn written(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it says something else than a `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// It as a value; null if it is nested too deep to be one.
    #[must_use]
    pub fn json(&self) -> Json {
        self.read().unwrap_or_default()
    }

    /// One of its members, by name, as text; nothing else of it is kept.
    #[must_use]
    pub fn text_of(&self, member: &str) -> Option<String> {
        match self.picked(&[member]).get_mut(member).map(Json::take) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// It with nothing but these members, by dotted path.
    fn picked(&self, paths: &[&str]) -> Json {
        let mut text = serde_json::Deserializer::from_str(self.text());
        Pick(paths).deserialize(&mut text).unwrap_or_default()
    }
}

impl Default for Body {
    /// Null.
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl PartialEq<Json> for Body {
    fn eq(&self, other: &Json) -> bool {
        self.json() == *other
    }
}

impl From<Json> for Body {
    fn from(json: Json) -> Self {
        // a value is always JSON
        Self::of(&json).unwrap_or_default()
    }
}

/// The members of a document that its indexes go by.
pub(crate) struct Members(Json);

impl Members {
    pub(crate) fn of(collection: Collection, body: &Body) -> Self {
        let paths: Vec<&str> = collection.indexes.iter().flat_map(|index| index.members).copied().collect();
        Self(body.picked(&paths))
    }

    /// The values of an index, if the document has all of them.
    pub(crate) fn key(&self, index: &Index) -> Option<Vec<IndexValue>> {
        let member = |path: &str| path.split('.').try_fold(&self.0, |value, name| value.get(name));
        let value = |path: &&str| match member(path)? {
            Json::Bool(value) => Some(IndexValue::Bool(*value)),
            Json::Number(number) => number.as_i64().map(IndexValue::Int),
            Json::String(text) => Some(IndexValue::Text(text.clone())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        };
        index.members.iter().map(value).collect()
    }
}

/// Reads an object with nothing but the members at these dotted paths; what is no object is null.
struct Pick<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, 'a> Visitor<'de> for Pick<'a> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut picked = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let behind = |path: &&'a str| path.strip_prefix(name.as_str())?.strip_prefix('.');
            let inner: Vec<&str> = self.0.iter().filter_map(behind).collect();
            if self.0.contains(&name.as_str()) {
                let value = map.next_value()?;
                picked.insert(name, value);
            } else if inner.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                let value = map.next_value_seed(Pick(&inner))?;
                picked.insert(name, value);
            }
        }
        Ok(Json::Object(picked))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const INDEXES: &[Index] = &[
        Index { name: "standing", members: &["state.status", "urgent"], unique: false },
        Index { name: "deep", members: &["a.b.c"], unique: false },
        Index { name: "whole", members: &["state"], unique: false },
    ];
    const RUNS: Collection = Collection { name: "runs", indexes: INDEXES };

    fn keys(body: Json) -> Vec<Option<Vec<IndexValue>>> {
        let members = Members::of(RUNS, &body.into());
        INDEXES.iter().map(|index| members.key(index)).collect()
    }

    #[test]
    fn an_index_goes_by_members_of_any_depth() {
        let body = json!({ "x": [{ "a": 1 }], "state": { "tasks": {}, "status": "running" }, "urgent": true,
            "a": { "b": { "c": -7, "d": "é" }, "c": 1 } });
        let standing = vec![IndexValue::from("running"), IndexValue::Bool(true)];
        assert_eq!(keys(body), [Some(standing), Some(vec![IndexValue::Int(-7)]), None]);
    }

    #[test]
    fn what_lacks_a_member_or_has_something_else_there_is_not_in_the_index() {
        for odd in [json!(null), json!([1]), json!("state"), json!(1.5), json!({ "state": "x", "a": [1] })] {
            let expected = [None, None, odd.get("state").map(|_| vec![IndexValue::from("x")])];
            assert_eq!(keys(odd), expected);
        }
        assert_eq!(
            keys(json!({ "state": { "status": 1.5 }, "urgent": null, "a": { "b": 3 } })),
            [None, None, None]
        );
    }

    #[test]
    fn one_member_is_read_alone() {
        let body = Body::from(json!({ "n": 1, "workflow": "w" }));
        assert_eq!(
            (body.text_of("workflow").as_deref(), body.text_of("n"), body.text_of("x")),
            (Some("w"), None, None)
        );
        assert_eq!(Body::from(json!(3)).text_of("workflow"), None);
    }
}
