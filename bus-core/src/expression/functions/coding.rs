//! HTML, addresses, JSON, base64, hashes, identifiers.

use super::{Args, Function, Group, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        value::{Fuel, Val},
    },
    msg,
    record::Number,
    text,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

const CODING: Group = Group::Coding;

pub(super) const TABLE: &[Function] = &[
    function(
        CODING,
        ("html_decode(text)", 1, 1),
        (
            "The text with HTML character references decoded.",
            r#"html_decode("caf&eacute; &amp; th&#233;")"#,
            r#""café & thé""#,
        ),
        |args| mapped(args, text::html_decode),
    ),
    function(
        CODING,
        ("html_text(html)", 1, 1),
        (
            "The text of a piece of HTML, without tags, scripts and styles.",
            r#"html_text("<p>Bornes <b>rapides</b></p>")"#,
            r#""Bornes rapides""#,
        ),
        |args| mapped(args, text::html_strip),
    ),
    function(
        CODING,
        ("html_escape(text)", 1, 1),
        ("The text as it must stand in HTML.", r#"html_escape("a < b")"#, r#""a &lt; b""#),
        |args| mapped(args, text::html_escape),
    ),
    function(
        CODING,
        ("url_encode(text)", 1, 1),
        (
            "The text as it can stand in an address, everything but letters, digits and -._~ percent-encoded.",
            r#"url_encode("a b/é")"#,
            r#""a%20b%2F%C3%A9""#,
        ),
        |args| mapped(args, url_encode),
    ),
    function(
        CODING,
        ("url_decode(text)", 1, 1),
        ("The text with percent-encoding decoded.", r#"url_decode("a%20b%2F%C3%A9")"#, r#""a b/é""#),
        |args| {
            let decoded = url_decode(args.str(0)?);
            match decoded {
                Some(text) => args.made(text),
                None => Err(args.blame(0, msg!("this is no percent-encoded UTF-8 text"))),
            }
        },
    ),
    function(
        CODING,
        ("to_json(value)", 1, 1),
        ("The value as JSON text.", r#"to_json({"a": [1, 2.5, null]})"#, r#""{\"a\":[1,2.5,null]}""#),
        |args| {
            let value = args.take(0);
            let mut out = String::new();
            write_json(&value, &mut out, args.fuel).map_err(|fail| args.blame(0, fail))?;
            Ok(Val::text(out))
        },
    ),
    function(
        CODING,
        ("parse_json(text)", 1, 1),
        ("The value that JSON text holds.", r#"parse_json("{\"a\": [1, 2]}").a[1]"#, "2"),
        parse_json,
    ),
    function(
        CODING,
        ("base64.encode(bytes)", 1, 1),
        ("The base64 of bytes or of a text.", r#"base64.encode("hello")"#, r#""aGVsbG8=""#),
        |args| {
            let bytes = bytes(args, 0)?;
            args.made(STANDARD.encode(bytes))
        },
    ),
    function(
        CODING,
        ("base64.decode(text)", 1, 1),
        ("The bytes that base64 text holds.", r#"string(base64.decode("aGVsbG8="))"#, r#""hello""#),
        |args| {
            let text = args.text(0)?;
            let text = text.trim();
            let decoded = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
            match decoded {
                Ok(bytes) => Ok(Val::Bytes(Cow::Owned(bytes))),
                Err(_) => Err(args.blame(0, msg!("this is no base64 text"))),
            }
        },
    ),
    function(
        CODING,
        ("hex(bytes)", 1, 1),
        ("The bytes, or those of a text, as hexadecimal digits.", r#"hex("AZ")"#, r#""415a""#),
        |args| {
            let bytes = bytes(args, 0)?;
            args.made(hex(&bytes))
        },
    ),
    function(
        CODING,
        ("sha256(bytes)", 1, 1),
        (
            "The SHA-256 hash of bytes or of a text, as hexadecimal digits.",
            r#"left(sha256("abc"), 8)"#,
            r#""ba7816bf""#,
        ),
        |args| {
            let bytes = bytes(args, 0)?;
            args.fuel.bytes(bytes.len().saturating_mul(4))?;
            args.made(hex(&Sha256::digest(&bytes)))
        },
    ),
    function(
        CODING,
        ("uuid5(namespace, name)", 2, 2),
        (
            "The identifier that always belongs to a name in a namespace (dns, url, oid, x500 or a UUID); RFC 9562, version 5.",
            r#"uuid5("dns", "www.example.com")"#,
            r#""2ed6657d-e927-568b-95e1-2665a8aea6a2""#,
        ),
        uuid5,
    ),
];

fn mapped<'a>(args: &mut Args<'_, 'a>, change: fn(&str) -> String) -> Evaluated<'a> {
    let made = change(args.str(0)?);
    args.made(made)
}

fn bytes<'a>(args: &mut Args<'_, 'a>, place: usize) -> Result<Cow<'a, [u8]>, Fail> {
    match args.take(place) {
        Val::Bytes(bytes) => {
            args.fuel.bytes(bytes.len())?;
            Ok(bytes)
        }
        value => {
            if let Some(there) = args.values.get_mut(place) {
                *there = value;
            }
            Ok(match args.text(place)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            })
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| hex_digit(digit, false)).collect()
}

/// A digit below 16.
pub(super) fn hex_digit(digit: u8, capital: bool) -> char {
    let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
    if capital { digit.to_ascii_uppercase() } else { digit }
}

pub(in crate::expression) fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| hex_digit(digit, true)));
        }
    }
    out
}

fn url_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit =
                    |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                out.push(digit(high)? << 4 | digit(low)?);
                rest = after;
            }
            (b'%', _) => return None,
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).ok()
}

fn write_json(value: &Val<'_>, out: &mut String, fuel: &mut Fuel) -> Result<(), Fail> {
    fuel.spend(1)?;
    let before = out.len();
    match value {
        Val::Null | Val::Optional(None) => out.push_str("null"),
        Val::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Val::Double(number) if !number.is_finite() => out.push_str("null"),
        Val::Int(int) => Number::Int(*int).write(out),
        Val::Uint(uint) => out.push_str(itoa::Buffer::new().format(*uint)),
        Val::Double(number) => Number::Float(*number).write(out),
        Val::Decimal(text) => out.push_str(text),
        Val::Text(text) => quote(text, out),
        Val::Bytes(bytes) => quote(&STANDARD.encode(bytes), out),
        Val::Optional(Some(value)) => return write_json(value, out, fuel),
        Val::List(items) => {
            for (place, item) in items.iter().enumerate() {
                out.push(if place == 0 { '[' } else { ',' });
                write_json(&item, out, fuel)?;
            }
            out.push_str(if items.len() == 0 { "[]" } else { "]" });
            return Ok(());
        }
        Val::Map(entries) => {
            let mut first = true;
            for (key, value) in entries.iter() {
                out.push(if first { '{' } else { ',' });
                first = false;
                let mut name = String::new();
                key.plain_text(&mut name)?;
                fuel.bytes(name.len())?;
                quote(&name, out);
                out.push(':');
                write_json(&value, out, fuel)?;
            }
            out.push_str(if first { "{}" } else { "}" });
            return Ok(());
        }
        Val::Time(_) | Val::Duration(_) | Val::Masked(_) | Val::Type(_) => {
            let mut text = String::new();
            value.plain_text(&mut text)?;
            quote(&text, out);
        }
    }
    fuel.bytes(out.len() - before)
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn parse_json<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let parsed = serde_json::from_str::<serde_json::Value>(args.str(0)?);
    match parsed {
        Ok(json) => own(json, args.fuel),
        Err(error) => {
            let message = msg!(
                "this is no JSON: line {line}, column {column}",
                line = error.line(),
                column = error.column()
            );
            Err(args.blame(0, message))
        }
    }
}

/// A value of its own; `serde_json` nests 128 deep at most.
fn own<'a>(json: serde_json::Value, fuel: &mut Fuel) -> Evaluated<'a> {
    use serde_json::Value as Json;
    fuel.spend(1)?;
    Ok(match json {
        Json::Null => Val::Null,
        Json::Bool(value) => Val::Bool(value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Val::Int(int),
            (None, Some(uint)) => Val::Uint(uint),
            (None, None) => Val::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Val::text(text),
        Json::Array(items) => {
            Val::list(items.into_iter().map(|item| own(item, fuel)).collect::<Result<_, _>>()?)
        }
        Json::Object(fields) => {
            let entries = fields.into_iter().map(|(key, value)| Ok((Val::text(key), own(value, fuel)?)));
            Val::map(entries.collect::<Result<_, Fail>>()?)
        }
    })
}

/// The namespaces of RFC 9562, 6.6.
const NAMESPACES: [(&str, u128); 4] = [
    ("dns", 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8),
    ("url", 0x6ba7_b811_9dad_11d1_80b4_00c0_4fd4_30c8),
    ("oid", 0x6ba7_b812_9dad_11d1_80b4_00c0_4fd4_30c8),
    ("x500", 0x6ba7_b814_9dad_11d1_80b4_00c0_4fd4_30c8),
];

fn uuid5<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let space = args.str(0)?;
    let known = NAMESPACES.iter().find(|(name, _)| *name == space).map(|(_, id)| *id);
    let hyphens = space.chars().filter(|letter| *letter == '-').count();
    let digits: String = space.chars().filter(|letter| *letter != '-').collect();
    let given =
        (digits.len() == 32 && hyphens == 4).then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
    let Some(space) = known.or(given) else {
        return Err(args.blame(0, msg!("the namespace is dns, url, oid, x500 or a UUID")));
    };
    let name = args.str(1)?;
    let hash = sha1::Sha1::new().chain_update(space.to_be_bytes()).chain_update(name.as_bytes()).finalize();
    let mut id = hash.iter().take(16).fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
    id &= !(0xf << 76) & !(0b11 << 62);
    id |= (5 << 76) | (0b10 << 62);
    let text = format!("{id:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| text.get(range).unwrap_or_default());
    args.made(parts.join("-"))
}
