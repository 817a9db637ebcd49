use crate::{
    Message, msg,
    nearest::nearest,
    record::Timestamp,
    yaml::{join_index, join_key},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// # Parameter
///
/// A value that can be given to a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// # Type
    #[serde(rename = "type", default)]
    pub kind: ParameterType,
    /// # Default
    ///
    /// The value where none is given; without it, one must be given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some")]
    pub default: Option<Value>,
    /// # Choices
    ///
    /// The only values that may be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Value>,
    /// # Description
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A `null` that is written is a value too, and then a wrong one.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// # Type
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// # Text
    #[default]
    Text,
    /// # Whole number
    Integer,
    /// # Number
    Number,
    /// # Yes or no
    Boolean,
    /// # Date
    Date,
    /// # Time
    ///
    /// A date and a time of day.
    Time,
    /// # List
    List,
}

impl ParameterType {
    /// The word for it in messages.
    #[must_use]
    pub fn name(self) -> Message {
        match self {
            Self::Text => msg!("a text"),
            Self::Integer => msg!("a whole number"),
            Self::Number => msg!("a number"),
            Self::Boolean => msg!("`true` or `false`"),
            Self::Date => msg!("a date such as 2026-03-28"),
            Self::Time => msg!("a time such as 2026-03-28T06:00:00Z"),
            Self::List => msg!("a list"),
        }
    }

    /// Whether `value` is of this type.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        let is_time = |text: &str, day: bool| Timestamp::parse(text).is_some() && (text.len() == 10) == day;
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Date => value.as_str().is_some_and(|text| is_time(text, true)),
            Self::Time => value.as_str().is_some_and(|text| is_time(text, false)),
            Self::List => value.is_array(),
        }
    }

    /// The value a person typed, as on the command line; `None` if it is not of this type.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Value> {
        let value = match self {
            Self::Text | Self::Date | Self::Time => Value::from(text),
            Self::Integer => Value::from(text.trim().parse::<i64>().ok()?),
            Self::Number => match text.trim().parse::<i64>() {
                Ok(int) => Value::from(int),
                Err(_) => Value::Number(serde_json::Number::from_f64(text.trim().parse().ok()?)?),
            },
            Self::Boolean => Value::from(text.trim().parse::<bool>().ok()?),
            Self::List => serde_json::from_str(text).ok()?,
        };
        self.accepts(&value).then_some(value)
    }

    /// Some value of this type, to check settings with where none is known.
    #[must_use]
    pub fn sample(self) -> Value {
        match self {
            Self::Text => "text".into(),
            Self::Integer | Self::Number => 1.into(),
            Self::Boolean => false.into(),
            Self::Date => "2026-03-28".into(),
            Self::Time => "2026-03-28T06:00:00Z".into(),
            Self::List => Value::Array(Vec::new()),
        }
    }
}

/// The parameters of a workflow, in the order written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(Vec<(String, Parameter)>);

impl Parameters {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters and their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(name, parameter)| (name.as_str(), parameter))
    }

    /// The parameter with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.iter().find(|(known, _)| *known == name).map(|(_, parameter)| parameter)
    }

    /// Adds a parameter; one of the same name is replaced.
    pub fn insert(&mut self, name: impl Into<String>, parameter: Parameter) {
        let name = name.into();
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, parameter));
    }

    /// The values: what is given, defaults for the rest.
    ///
    /// # Errors
    /// What is wrong with what was given, each with the parameter's name: not declared, not of its type,
    /// not among its choices, or `needed` and missing.
    pub fn bind(
        &self,
        given: &Map<String, Value>,
        needed: impl Fn(&str) -> bool,
    ) -> Result<Map<String, Value>, Vec<(String, Message)>> {
        let mut wrong = Vec::new();
        for name in given.keys().filter(|name| self.get(name).is_none()) {
            let message = match nearest(name, self.iter().map(|(known, _)| known)) {
                Some(known) => msg!(
                    "there is no parameter `{name}`: did you mean `{known}`?",
                    name = name,
                    known = known
                ),
                None => msg!("there is no parameter `{name}`", name = name),
            };
            wrong.push((name.clone(), message));
        }
        let mut values = Map::new();
        for (name, parameter) in self.iter() {
            match given.get(name).or(parameter.default.as_ref()) {
                Some(value) => match parameter.refuses(value) {
                    Some(message) => wrong.push((name.to_owned(), message)),
                    None => drop(values.insert(name.to_owned(), value.clone())),
                },
                None if !needed(name) => {}
                None => {
                    let message = msg!("the parameter `{name}` has no default: give it a value", name = name);
                    wrong.push((name.to_owned(), message));
                }
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(wrong) }
    }

    /// Values that stand for any run: defaults, and samples where there are none.
    #[must_use]
    pub fn samples(&self) -> Map<String, Value> {
        let sample = |parameter: &Parameter| match &parameter.default {
            Some(value) => value.clone(),
            None => parameter.choices.first().cloned().unwrap_or_else(|| parameter.kind.sample()),
        };
        self.iter().map(|(name, parameter)| (name.to_owned(), sample(parameter))).collect()
    }
}

impl Parameter {
    /// Why `value` cannot be given; `None` if it can.
    #[must_use]
    pub fn refuses(&self, value: &Value) -> Option<Message> {
        if !self.kind.accepts(value) {
            let message = msg!("`{value}` is not {kind}", value = plain(value), kind = self.kind.name());
            return Some(message);
        }
        if self.choices.is_empty() || self.choices.contains(value) {
            return None;
        }
        let choices: Vec<String> = self.choices.iter().map(|choice| format!("`{}`", plain(choice))).collect();
        Some(msg!("`{value}` is not one of {choices}", value = plain(value), choices = choices.join(", ")))
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Parameters;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("parameters by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut parameters = Parameters::default();
                while let Some((name, parameter)) = map.next_entry::<String, Parameter>()? {
                    if !is_name(&name) {
                        let problem = "a parameter's name is made of letters, digits and `_`";
                        return Err(A::Error::custom(format!("`{name}`: {problem}")));
                    }
                    parameters.insert(name, parameter);
                }
                Ok(parameters)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl JsonSchema for Parameters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Parameter>::json_schema(generator)
    }
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// A value as a person would type it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Settings with the values of parameters in place of `${name}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Substituted {
    /// The settings.
    pub value: Value,
    /// The names used, each with the path of the setting that uses it.
    pub uses: Vec<(String, String)>,
    /// Those of them that have no value: their text was left as it is.
    pub unknown: Vec<(String, String)>,
}

/// Puts the values of parameters in place of `${name}` in all texts of `settings`.
///
/// A text that is nothing but `${name}` becomes the value, of whatever type; within a longer text the
/// value is written as text. `$${` stands for `${`. Names of fields are left alone.
#[must_use]
pub fn substitute(settings: &Value, values: &Map<String, Value>) -> Substituted {
    let mut out = Substituted { value: settings.clone(), uses: Vec::new(), unknown: Vec::new() };
    let mut value = std::mem::take(&mut out.value);
    fill(&mut value, "", values, &mut out);
    out.value = value;
    out
}

/// The parameters that settings use, each with the path of the setting.
#[must_use]
pub fn references(settings: &Value) -> Vec<(String, String)> {
    substitute(settings, &Map::new()).uses
}

fn fill(value: &mut Value, path: &str, values: &Map<String, Value>, out: &mut Substituted) {
    match value {
        Value::String(text) => {
            if let Some(filled) = fill_text(text, path, values, out) {
                *value = filled;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill(item, &join_index(path, index), values, out);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                fill(value, &join_key(path, key), values, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fill_text(text: &str, path: &str, values: &Map<String, Value>, out: &mut Substituted) -> Option<Value> {
    let mut written = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            written.push_str(before);
            written.push_str("${");
            (rest, changed) = (after, true);
            continue;
        }
        written.push_str(before);
        let name = after.split_once('}').filter(|(name, _)| is_name(name));
        let Some((name, after)) = name else {
            // not ours: a brace that is left open, or something else in another language
            written.push_str("${");
            rest = after;
            continue;
        };
        out.uses.push((name.to_owned(), path.to_owned()));
        match values.get(name) {
            Some(value) if before.is_empty() && after.is_empty() && written.is_empty() => {
                return Some(value.clone());
            }
            Some(value) => written.push_str(&plain(value)),
            None => {
                out.unknown.push((name.to_owned(), path.to_owned()));
                written.push_str("${");
                written.push_str(name);
                written.push('}');
            }
        }
        (rest, changed) = (after, true);
    }
    written.push_str(rest);
    changed.then_some(Value::String(written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_value_keeps_its_type() {
        let values = json!({ "n": 3, "name": "Rennes", "list": [1, 2] });
        let values = values.as_object().unwrap();
        let settings = json!({
            "a": "${n}", "b": "${n} km", "c": ["${list}"], "d": "$${n}", "e": "${name}/${name}",
            "f": "${missing}", "g": "${a + b}", "${n}": 1, "h": "$${n}${n}", "i": "costs 5$"
        });
        let filled = substitute(&settings, values);
        let expected = json!({
            "a": 3, "b": "3 km", "c": [[1, 2]], "d": "${n}", "e": "Rennes/Rennes",
            "f": "${missing}", "g": "${a + b}", "${n}": 1, "h": "${n}3", "i": "costs 5$"
        });
        assert_eq!(filled.value, expected);
        assert_eq!(filled.unknown, [("missing".to_owned(), "f".to_owned())]);
        assert_eq!(references(&settings).len(), 7);
    }

    #[test]
    fn typed_values() {
        for (kind, text, value) in [
            (ParameterType::Text, "35", Some(json!("35"))),
            (ParameterType::Integer, "35", Some(json!(35))),
            (ParameterType::Integer, "3.5", None),
            (ParameterType::Number, "3.5", Some(json!(3.5))),
            (ParameterType::Number, "nan", None),
            (ParameterType::Boolean, "true", Some(json!(true))),
            (ParameterType::Boolean, "1", None),
            (ParameterType::Date, "2026-03-28", Some(json!("2026-03-28"))),
            (ParameterType::Date, "28/03/2026", None),
            (ParameterType::Time, "2026-03-28T06:00Z", Some(json!("2026-03-28T06:00Z"))),
            (ParameterType::List, "[1]", Some(json!([1]))),
            (ParameterType::List, "1", None),
        ] {
            assert_eq!(kind.read(text), value, "{kind:?} {text}");
        }
    }

    #[test]
    fn binding_says_everything_that_is_wrong() {
        let parameters: Parameters = serde_json::from_value(json!({
            "region": { "choices": ["Bretagne", "Corse"], "default": "Corse" },
            "year": { "type": "integer" },
            "given": { "type": "integer" },
        }))
        .unwrap();
        let given = json!({ "regon": "x", "region": "Alsace", "given": "1" });
        let wrong = parameters.bind(given.as_object().unwrap(), |_| true).unwrap_err();
        let texts: Vec<String> = wrong.iter().map(|(_, message)| message.to_string()).collect();
        assert_eq!(
            texts,
            [
                "there is no parameter `regon`: did you mean `region`?",
                "`Alsace` is not one of `Bretagne`, `Corse`",
                "the parameter `year` has no default: give it a value",
                "`1` is not a whole number",
            ]
        );
        let given = json!({ "year": 2026, "given": 1 });
        let values = parameters.bind(given.as_object().unwrap(), |_| true).unwrap();
        assert_eq!(Value::Object(values), json!({ "region": "Corse", "year": 2026, "given": 1 }));
    }
}
