use bus_core::yaml::{join_index, join_key};
use serde_json::{Map, Value};

/// A part of the way to a setting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// A member of a group.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// The way to a setting within a step.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Path(pub(crate) Vec<Part>);

impl Path {
    /// The member `name` of what stands here.
    #[must_use]
    pub(crate) fn key(&self, name: &str) -> Self {
        self.then(Part::Key(name.to_owned()))
    }

    /// The item `index` of the list that stands here.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        self.then(Part::Index(index))
    }

    fn then(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }

    /// As findings write it: `format.csv.delimiter`, `fields[0].name`.
    pub(crate) fn text(&self) -> String {
        self.0.iter().fold(String::new(), |path, part| match part {
            Part::Key(name) => join_key(&path, name),
            Part::Index(index) => join_index(&path, *index),
        })
    }

    /// A name for the element that shows it.
    pub(crate) fn id(&self) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        format!("setting-{}", self.text().chars().map(plain).collect::<String>())
    }
}

/// Puts `value` at `path`, making what stands around it; without a value, takes away what stands there.
pub(crate) fn set(settings: &mut Map<String, Value>, path: &Path, value: Option<Value>) {
    let mut root = Value::Object(std::mem::take(settings));
    put(&mut root, &path.0, value);
    if let Value::Object(fields) = root {
        *settings = fields;
    }
}

fn put(place: &mut Value, path: &[Part], value: Option<Value>) {
    let Some((part, rest)) = path.split_first() else {
        *place = value.unwrap_or_default();
        return;
    };
    match part {
        Part::Key(name) => {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(fields) = place else { return };
            match (rest.is_empty(), value) {
                (true, None) => {
                    fields.shift_remove(name);
                }
                (_, value) => put(fields.entry(name.clone()).or_insert(Value::Null), rest, value),
            }
        }
        Part::Index(index) => {
            if !place.is_array() {
                *place = Value::Array(Vec::new());
            }
            let Value::Array(items) = place else { return };
            if rest.is_empty() && value.is_none() {
                if *index < items.len() {
                    items.remove(*index);
                }
                return;
            }
            if items.len() <= *index {
                items.resize(index + 1, Value::Null);
            }
            if let Some(item) = items.get_mut(*index) {
                put(item, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &[&str]) -> Path {
        let part = |part: &&str| part.parse().map_or_else(|_| Part::Key((*part).to_owned()), Part::Index);
        Path(text.iter().map(part).collect())
    }

    #[test]
    fn settings_are_put_taken_and_written() {
        let mut settings = Map::new();
        set(&mut settings, &path(&["fields", "0", "name"]), Some(json!("a")));
        set(&mut settings, &path(&["format", "csv", "delimiter"]), Some(json!(";")));
        assert_eq!(
            json!(settings),
            json!({"fields": [{"name": "a"}], "format": {"csv": {"delimiter": ";"}}})
        );
        set(&mut settings, &path(&["fields", "0"]), None);
        set(&mut settings, &path(&["format"]), Some(json!("json")));
        assert_eq!(json!(settings), json!({"fields": [], "format": "json"}));
        set(&mut settings, &path(&["format"]), None);
        assert_eq!(json!(settings), json!({"fields": []}));
    }

    #[test]
    fn paths_are_written_as_findings_write_them() {
        assert_eq!(path(&["fields", "0", "value", "field"]).text(), "fields[0].value.field");
        assert_eq!(path(&["a", "b"]).id(), "setting-a-b");
    }
}
