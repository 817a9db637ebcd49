//! Values as people type them.

use serde_json::Value;

/// How a text that was typed becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// As it is.
    Text,
    /// As a number, if it is one.
    Number,
    /// As a number or a switch, if it is one, else as a text.
    Scalar,
    /// As JSON.
    Json,
}

/// The value that `text` stands for; none if it is empty.
///
/// A number that is none stays a text: the check then says so at the field, and `${parameter}` is one such.
///
/// # Errors
/// Why a text is not JSON.
pub(crate) fn read(typed: Typed, text: &str) -> Result<Option<Value>, String> {
    let trimmed = text.trim();
    if text.is_empty() || (trimmed.is_empty() && typed != Typed::Text) {
        return Ok(None);
    }
    let number = || serde_json::from_str::<Value>(&trimmed.replace(',', ".")).ok().filter(Value::is_number);
    Ok(Some(match typed {
        Typed::Text => Value::from(text),
        Typed::Number => number().unwrap_or_else(|| Value::from(text)),
        Typed::Scalar => match trimmed {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => number().unwrap_or_else(|| Value::from(text)),
        },
        Typed::Json => serde_json::from_str(text).map_err(|error| error.to_string())?,
    }))
}

/// How a value is shown for typing on.
pub(crate) fn show(typed: Typed, value: Option<&Value>) -> String {
    match (typed, value) {
        (_, None) => String::new(),
        (Typed::Json, Some(value)) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (_, Some(Value::String(text))) => text.clone(),
        (_, Some(Value::Null)) => String::new(),
        (_, Some(other)) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_becomes_what_is_meant() {
        for (typed, text, value) in [
            (Typed::Text, "007", Some(json!("007"))),
            (Typed::Text, "", None),
            (Typed::Text, " ", Some(json!(" "))),
            (Typed::Number, "12", Some(json!(12))),
            (Typed::Number, "1,5", Some(json!(1.5))),
            (Typed::Number, "1.", Some(json!("1."))),
            (Typed::Number, "${limit}", Some(json!("${limit}"))),
            (Typed::Scalar, "true", Some(json!(true))),
            (Typed::Scalar, "yes", Some(json!("yes"))),
            (Typed::Json, "[1, 2]", Some(json!([1, 2]))),
            (Typed::Json, "  ", None),
        ] {
            assert_eq!(read(typed, text), Ok(value), "{text}");
        }
        assert!(read(Typed::Json, "{").is_err());
    }

    #[test]
    fn values_are_shown_as_they_were_typed() {
        assert_eq!(show(Typed::Text, Some(&json!("a"))), "a");
        assert_eq!(show(Typed::Scalar, Some(&json!(false))), "false");
        assert_eq!(show(Typed::Json, Some(&json!(["a"]))), "[\n  \"a\"\n]");
    }
}
