//! Records in cases: JSON, with `{$masked: mark}`, `{$time: text}`, `{$decimal: text}` and `{$absent: true}` for what JSON has
//! no word for.

use bus_core::record::{Batch, BatchBuilder, Timestamp, Value};
use serde_json::{Value as Json, json};

/// A batch of these records.
///
/// # Panics
/// If a record cannot be built.
#[must_use]
pub fn batch(records: &[Json]) -> Batch {
    let mut builder = BatchBuilder::new();
    records.iter().for_each(|record| write(record, &mut builder));
    builder.take()
}

#[expect(clippy::expect_used, reason = "a case that cannot be built is a failed test")]
fn write(json: &Json, out: &mut BatchBuilder) {
    match json {
        Json::Object(fields) => {
            if let Some(mark) = fields.get("$masked").and_then(Json::as_str) {
                return out.masked(mark);
            }
            if let Some(text) = fields.get("$time").and_then(Json::as_str) {
                return out.time(Timestamp::parse(text).expect("$time is RFC 3339"));
            }
            if let Some(text) = fields.get("$decimal").and_then(Json::as_str) {
                return out.decimal(text);
            }
            out.begin_object();
            for (key, value) in fields {
                out.key(key).expect("keys of a case differ");
                if value.get("$absent").is_some() { out.absent() } else { write(value, out) }
            }
            out.end();
        }
        Json::Array(items) => {
            out.begin_list();
            items.iter().for_each(|item| write(item, out));
            out.end();
        }
        scalar => out.json(scalar).expect("a scalar"),
    }
}

/// A record as a case writes it.
#[must_use]
pub fn json(value: Value<'_>) -> Json {
    match value {
        Value::Masked(mark) => json!({ "$masked": mark }),
        Value::Time(time) => json!({ "$time": time.to_string() }),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.to_string(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.to_json(),
    }
}

/// Whether a value is what a case expects: numbers by value (`2` is `2.0`), a time also as plain text.
#[must_use]
pub fn same(actual: &Json, expected: &Json) -> bool {
    match (actual, expected) {
        (Json::Number(a), Json::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()))
            }
        },
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::String(_)) if a.len() == 1 => {
            a.get("$time").is_some_and(|text| text == expected)
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
