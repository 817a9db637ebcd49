use super::scalar;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Writes a value as YAML the way a person would: blocks, quotes only where they are needed, small
/// objects and lists of plain values on one line. Reading it gives the same value.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(fields, 0, &mut out),
        Value::Array(items) if !items.is_empty() => list(items, 0, &mut out),
        other => {
            flow(other, &mut out);
            out.push('\n');
        }
    }
    out
}

/// How long a small object or list may be to stand on one line.
const ONE_LINE: usize = 80;

fn object(fields: &Map<String, Value>, indent: usize, out: &mut String) {
    for (place, (key, value)) in fields.iter().enumerate() {
        if place > 0 {
            pad(indent, out);
        }
        text(key, out);
        out.push(':');
        member(value, indent, out);
    }
}

fn list(items: &[Value], indent: usize, out: &mut String) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            pad(indent, out);
        }
        out.push('-');
        match item {
            Value::Object(fields) if !on_one_line(item, indent) => {
                out.push(' ');
                object(fields, indent + 2, out);
            }
            Value::Array(items) if !on_one_line(item, indent) => {
                out.push(' ');
                list(items, indent + 2, out);
            }
            other => member(other, indent, out),
        }
    }
}

/// What follows `key:` or `-`, to the end of its line or lines.
fn member(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::String(text) => write_member_text(text, indent, out),
        Value::Object(fields) if !on_one_line(value, indent) => {
            out.push('\n');
            pad(indent + 2, out);
            object(fields, indent + 2, out);
        }
        Value::Array(items) if !on_one_line(value, indent) => {
            out.push('\n');
            pad(indent + 2, out);
            list(items, indent + 2, out);
        }
        other => {
            out.push(' ');
            flow(other, out);
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Whether a value is short and flat enough for one line.
fn on_one_line(value: &Value, indent: usize) -> bool {
    let flat = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => !text.contains('\n'),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    };
    let all_flat = match value {
        Value::Array(items) => items.iter().all(flat),
        Value::Object(fields) => fields.values().all(flat),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    };
    if !all_flat {
        return false;
    }
    let mut line = String::new();
    flow(value, &mut line);
    line.chars().count() + indent <= ONE_LINE
}

/// A value on one line.
fn flow(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                flow(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            out.push_str("{ ");
            for (place, (key, value)) in fields.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                text(key, out);
                out.push_str(": ");
                flow(value, out);
            }
            out.push_str(" }");
        }
        Value::String(plain) => text(plain, out),
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Number(_) => write!(out, "{value}").unwrap_or_default(),
    }
}

/// Writes a text where a value or key stands: plain where that reads back as the same text, in double
/// quotes otherwise.
pub fn write_text(plain: &str, out: &mut String) {
    text(plain, out);
}

/// Writes a text after `key:` or `-`, to the end of its line or, as a block, of its lines; `indent` is that
/// of the key.
pub fn write_member_text(value: &str, indent: usize, out: &mut String) {
    if is_block(value) {
        block(value, indent, out);
    } else {
        out.push(' ');
        text(value, out);
        out.push('\n');
    }
}

/// A text: plain where that reads back as the same text, in double quotes otherwise.
fn text(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    // JSON's escapes are YAML's too; beyond them YAML wants these escaped to be read back
    for letter in Value::from(text).to_string().chars() {
        match letter {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                write!(out, "\\u{:04x}", u32::from(letter)).unwrap_or_default();
            }
            other => out.push(other),
        }
    }
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let safe = |letter: char| letter.is_alphanumeric() || " _-./+()%$=<>'^~;|@&*!?".contains(letter);
    let begins = first.is_alphanumeric() || "_./$(".contains(first);
    begins
        && !text.ends_with(' ')
        && text.chars().all(safe)
        && !text.starts_with("...")
        && matches!(scalar::resolve(text), Some(Value::String(_)))
        // an identifier such as 01234 is text to us, a number to other readers
        && text.parse::<f64>().is_err()
        // older readers take these for booleans
        && !["yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a text of several lines can be written as a literal block.
fn is_block(text: &str) -> bool {
    let calm = |letter: char| letter == '\n' || letter == '\t' || !letter.is_control();
    let odd = |letter: char| matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    text.contains('\n')
        && text.chars().all(|letter| calm(letter) && !odd(letter))
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with("\n\n")
        && text.lines().all(|line| !line.ends_with([' ', '\t']) && !line.starts_with('\t'))
}

fn block(text: &str, indent: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in text.lines() {
        if !line.is_empty() {
            pad(indent + 2, out);
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn as_a_person_would() {
        let value = json!({
            "version": 1,
            "name": "Bornes: carte",
            "steps": [{ "id": "a", "settings": { "path": "x.csv", "query": "SELECT *\nFROM t\n" } }, { "id": "b" }],
            "code": "01234",
            "empty": [[], {}, ""],
        });
        expect_test::expect![[r#"
            version: 1
            name: "Bornes: carte"
            steps:
              - id: a
                settings:
                  path: x.csv
                  query: |
                    SELECT *
                    FROM t
              - { id: b }
            code: "01234"
            empty: [[], {}, ""]
        "#]]
        .assert_eq(&write(&value));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[ -~\n\t]{0,20}".prop_map(Value::from),
            "[0-9+.e:x#'\"{}\\[\\]&*!|>%@`,? \n-]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[ -~\n]{0,8}|\\PC{0,4}", inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_is_written_reads_back(value in any_json()) {
            let text = write(&value);
            let back = read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(back.value, value, "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[\\[\\]{}:,&*!|>'\"\n -]){0,60}") {
            drop(read(&text));
        }
    }
}
