use super::{BatchBuilder, BuildError, Number, Value};
use serde_json::Value as Json;

/// Why a value of `serde_json` is not a record value.
pub type JsonError = BuildError;

impl BatchBuilder {
    /// Writes a copy of a `serde_json` value: for settings and small things, not for data streams.
    ///
    /// # Errors
    /// None today beyond those of [`BatchBuilder::key`], which `serde_json` maps cannot provoke.
    pub fn json(&mut self, json: &Json) -> Result<(), JsonError> {
        match json {
            Json::Null => self.null(),
            Json::Bool(value) => self.bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(int) => self.int(int),
                None => self.decimal(&number.to_string()),
            },
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                self.begin_list();
                for item in items {
                    self.json(item)?;
                }
                self.end();
            }
            Json::Object(fields) => {
                self.begin_object();
                for (key, value) in fields {
                    self.key(key)?;
                    self.json(value)?;
                }
                self.end();
            }
        }
        Ok(())
    }
}

impl Value<'_> {
    /// A copy as a `serde_json` value: times and masks become text, bytes a list of numbers.
    #[must_use]
    pub fn to_json(self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Int(int) => int.into(),
            Value::Float(_) | Value::Decimal(_) => {
                self.as_number().map(Number::to_f64).map_or(Json::Null, Json::from)
            }
            Value::Text(text) | Value::Masked(text) => text.into(),
            Value::Time(time) => time.to_string().into(),
            Value::Bytes(bytes) => bytes.to_vec().into(),
            Value::List(list) => list.iter().map(Value::to_json).collect::<Vec<_>>().into(),
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| (key.as_ref().to_owned(), value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}
