use serde_json::{Map, Value};

/// Settings as the earlier bus wrote them: numbers and JSON as text, switches as `"checked"`, several names
/// for one thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a>(&'a Map<String, Value>);

impl<'a> Given<'a> {
    pub(super) const fn new(settings: &'a Map<String, Value>) -> Self {
        Self(settings)
    }

    /// What stands under the first of these names that is there.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.0.get(*name)).filter(|value| !value.is_null())
    }

    /// A text, not empty; numbers and switches as text too.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        match self.value(names)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    pub(super) fn number(&self, names: &[&str]) -> Option<f64> {
        match self.value(names)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// A whole number, not negative.
    pub(super) fn whole(&self, names: &[&str]) -> Option<u32> {
        let number = self.number(names)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked first"
        )]
        (number >= 0.0 && number < f64::from(u32::MAX)).then_some(number as u32)
    }

    /// A switch.
    pub(super) fn flag(&self, names: &[&str]) -> bool {
        match self.value(names) {
            Some(Value::Bool(value)) => *value,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => matches!(text.trim(), "checked" | "true" | "on" | "1" | "yes"),
            _ => false,
        }
    }

    /// A value that may be written as JSON text; text that is no JSON stays text.
    pub(super) fn json(&self, names: &[&str]) -> Option<Value> {
        match self.value(names)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => {
                Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())))
            }
            other => Some(other.clone()),
        }
    }

    /// A list of objects, also as JSON text.
    pub(super) fn objects(&self, names: &[&str]) -> Vec<Map<String, Value>> {
        match self.json(names) {
            Some(Value::Array(items)) => items
                .into_iter()
                .filter_map(|item| if let Value::Object(fields) = item { Some(fields) } else { None })
                .collect(),
            _ => Vec::new(),
        }
    }
}
