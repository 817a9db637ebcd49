//! Keys: bytes that stand for values where records are sorted, grouped, compared or joined.
//!
//! Two values have the same bytes exactly when they mean the same, and the bytes sort as the values do:
//! absent, null, false, true, numbers by value (whatever their kind), text, times by instant (local times
//! apart, after the instant of the same clock reading), bytes, masked values by their mark, lists item by
//! item, objects by their fields in alphabetical order.

use bus_core::{
    record::{Number, Timestamp, Value},
    text::plain,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// How text is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextOrder {
    /// # Exactly
    ///
    /// Character by character: capitals before small letters, accented letters last.
    #[default]
    Exact,
    /// # Ignoring case and accents
    ///
    /// As in a dictionary: `éléphant` stands with `Elephant`.
    Plain,
}

/// How values become keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyStyle {
    /// How text is compared.
    pub text: TextOrder,
    /// Whether numbers inside text count by value (`item 2` before `item 10`).
    pub natural: bool,
    /// Whether text that reads as a number or a time is that number or time.
    pub loose: bool,
}

const ABSENT: u8 = 0x01;
const NULL: u8 = 0x02;
const FALSE: u8 = 0x10;
const TRUE: u8 = 0x11;
const NUMBER: u8 = 0x20;
const TEXT: u8 = 0x30;
const TIME: u8 = 0x40;
const BYTES: u8 = 0x50;
const MASKED: u8 = 0x60;
const LIST: u8 = 0x70;
const OBJECT: u8 = 0x80;
const ITEM: u8 = 0x01;
const END: u8 = 0x00;

impl KeyStyle {
    /// Appends the key of a value (or of its absence). No key is the beginning of another, so keys may
    /// follow each other.
    pub fn write(self, value: Option<Value<'_>>, out: &mut Vec<u8>) {
        match value {
            None => out.push(ABSENT),
            Some(Value::Null) => out.push(NULL),
            Some(Value::Bool(false)) => out.push(FALSE),
            Some(Value::Bool(true)) => out.push(TRUE),
            Some(Value::Int(int)) => number(Number::Int(int), out),
            Some(Value::Float(float)) => number(Number::Float(float), out),
            Some(Value::Decimal(text)) => number(Number::Decimal(text), out),
            Some(Value::Text(text)) => self.text(text, out),
            Some(Value::Time(at)) => time(at, out),
            Some(Value::Bytes(bytes)) => {
                out.push(BYTES);
                escaped(bytes, out);
            }
            Some(Value::Masked(mark)) => {
                out.push(MASKED);
                escaped(mark.as_bytes(), out);
            }
            Some(Value::List(list)) => {
                out.push(LIST);
                for item in list.iter() {
                    out.push(ITEM);
                    self.write(Some(item), out);
                }
                out.push(END);
            }
            Some(Value::Object(object)) => {
                out.push(OBJECT);
                let mut fields: Vec<_> = object.iter().collect();
                fields.sort_by_key(|(key, _)| *key);
                for (key, value) in fields {
                    out.push(ITEM);
                    escaped(key.as_bytes(), out);
                    self.write(Some(value), out);
                }
                out.push(END);
            }
        }
    }

    fn text(self, text: &str, out: &mut Vec<u8>) {
        if self.loose {
            let trimmed = text.trim();
            if reads_as_number(trimmed) {
                return number(Number::Decimal(trimmed), out);
            }
            if let Some(at) = Timestamp::parse(trimmed) {
                return time(at, out);
            }
        }
        out.push(TEXT);
        match (self.text, self.natural) {
            (TextOrder::Exact, false) => escaped(text.as_bytes(), out),
            (TextOrder::Exact, true) => natural(text, out),
            (TextOrder::Plain, false) => escaped(fold(text).as_bytes(), out),
            (TextOrder::Plain, true) => natural(&fold(text), out),
        }
    }
}

/// The key of a value in the default style: what groups and removes duplicates by meaning.
pub fn write_key(value: Option<Value<'_>>, out: &mut Vec<u8>) {
    KeyStyle::default().write(value, out);
}

/// Turns the order of a key around.
pub fn reverse(key: &mut [u8]) {
    key.iter_mut().for_each(|byte| *byte = !*byte);
}

/// A hash of key bytes that is the same on every machine and in every run.
#[must_use]
pub fn hash(key: &[u8]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

/// Case and accents removed.
fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { plain(text).to_lowercase() }
}

fn number(number: Number<'_>, out: &mut Vec<u8>) {
    out.push(NUMBER);
    number.write_ordered(out);
}

fn time(at: Timestamp, out: &mut Vec<u8>) {
    out.push(TIME);
    out.extend((at.micros().cast_unsigned() ^ (1 << 63)).to_be_bytes());
    out.push(if at.offset().is_some() { 1 } else { 0 });
}

/// Bytes and an end mark that sorts before any byte: `00` is written `00 FF`, the end `00 01`.
fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend([0x00, 0x01]);
}

/// Text in which each run of digits is written as `0`, its length without leading zeros, its digits.
fn natural(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        if byte.is_ascii_digit() {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (run, after) = rest.split_at(length);
            let zeros = run.iter().take_while(|digit| **digit == b'0').count();
            let significant = run.get(zeros..).unwrap_or_default();
            out.push(b'0');
            out.extend(u32::try_from(significant.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(significant);
            rest = after;
        } else {
            out.push(*byte);
            if *byte == 0 {
                out.push(0xFF);
            }
            rest = tail;
        }
    }
    out.extend([0x00, 0x01]);
}

/// Whether text is a number of JSON's grammar: `12`, `-0.5`, `1e3`, but no code such as `01` or `+33`.
fn reads_as_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.first() == Some(&b'0')) {
        return false;
    }
    let mut rest = text.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = fraction.get(length..).unwrap_or_default();
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent =
            exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::batch_of;
    use serde_json::{Value as Json, json};

    fn key(style: KeyStyle, json: &Json) -> Vec<u8> {
        let batch = batch_of(&json!([json]));
        let mut out = Vec::new();
        style.write(Some(batch.record(0)), &mut out);
        out
    }

    fn same(style: KeyStyle, a: &Json, b: &Json) -> bool {
        key(style, a) == key(style, b)
    }

    #[test]
    fn kinds_stand_in_their_order() {
        let values = json!([null, false, true, -2, 1.5, 2, "", "\u{0}", "10", "9", "a", "aa", "é", { "$time": "2026-01-01" }, { "$masked": "S" }, [], [1], [1, 2], [2], {}, { "a": 1 }, { "a": 1, "b": 0 }, { "b": 0 }]);
        let keys: Vec<_> =
            values.as_array().unwrap().iter().map(|value| key(KeyStyle::default(), value)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let mut absent = Vec::new();
        write_key(None, &mut absent);
        assert!(absent < keys[0]);
    }

    #[test]
    fn the_same_meaning_is_the_same_key() {
        let style = KeyStyle::default();
        assert!(same(style, &json!(1), &json!(1.0)));
        assert!(!same(style, &json!(1), &json!("1")));
        assert!(same(style, &json!({ "a": 1, "b": [2.50] }), &json!({ "b": [2.5], "a": 1.0 })));
        assert!(same(
            style,
            &json!({ "$time": "2026-03-28T01:00:00+01:00" }),
            &json!({ "$time": "2026-03-28T00:00Z" })
        ));
        assert!(!same(
            style,
            &json!({ "$time": "2026-03-28T00:00:00" }),
            &json!({ "$time": "2026-03-28T00:00Z" })
        ));
    }

    #[test]
    fn loose_keys_read_text() {
        let style = KeyStyle { loose: true, ..KeyStyle::default() };
        assert!(same(style, &json!(12.5), &json!(" 12.50 ")));
        assert!(!same(style, &json!(1001), &json!("01001")));
        assert!(same(style, &json!({ "$time": "2026-03-28" }), &json!("2026-03-28")));
        assert!(!same(style, &json!("1e"), &json!(1)));
    }

    #[test]
    fn text_orders() {
        let plain = KeyStyle { text: TextOrder::Plain, ..KeyStyle::default() };
        assert!(same(plain, &json!("Œuvre À l’ÉTÉ"), &json!("oeuvre a l’ete")));
        let natural = KeyStyle { natural: true, ..KeyStyle::default() };
        let values = ["a", "a2", "a2b", "a10", "a010b", "a99999999999999999999999", "b1"];
        let keys: Vec<_> = values.iter().map(|value| key(natural, &json!(value))).collect();
        assert!(keys.is_sorted());
    }
}
