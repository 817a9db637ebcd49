use super::node::Scalar;
use crate::kit::json::number_len;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What a scalar without quotes means in YAML 1.2's core schema; `None` for a number that cannot be held.
///
/// A number with a leading zero is an identifier and stays text.
pub(super) fn plain(text: &str) -> Option<Scalar> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return None,
        _ if matches!(text.trim_start_matches(['-', '+']), ".inf" | ".Inf" | ".INF") => return None,
        _ => match radix(text) {
            Some(int) => Scalar::Int(int),
            None => return number(text),
        },
    })
}

fn radix(text: &str) -> Option<i64> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 8),
        (None, None) => return None,
    };
    if digits.starts_with(['+', '-']) { None } else { i64::from_str_radix(digits, radix).ok() }
}

fn number(text: &str) -> Option<Scalar> {
    let as_text = Some(Scalar::Text(text.to_owned()));
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return as_text;
    }
    // as JSON writes it: a digit on both sides of the point
    let mut json = format!("{sign}{}{digits}", if digits.starts_with('.') { "0" } else { "" });
    if let Some(point) = json.find('.')
        && !json.as_bytes().get(point + 1).is_some_and(u8::is_ascii_digit)
    {
        if digits == "." || digits.starts_with(".e") || digits.starts_with(".E") {
            return as_text;
        }
        json.remove(point);
    }
    if number_len(json.as_bytes()) != Some(json.len()) {
        return as_text;
    }
    if let (Ok(int), true) = (json.parse(), json != "-0") {
        return Some(Scalar::Int(int));
    }
    if json.parse().is_ok_and(f64::is_finite) { Some(Scalar::Decimal(json)) } else { None }
}

/// What a scalar with a tag of the core schema means; `None` if it is not what the tag says.
pub(super) fn tagged(text: &str, tag: &str) -> Option<Scalar> {
    match (tag, plain(text)) {
        ("binary", _) => {
            let packed: String = text.split_whitespace().collect();
            STANDARD.decode(packed).ok().map(Scalar::Bytes)
        }
        ("null", Some(scalar @ Scalar::Null))
        | ("bool", Some(scalar @ Scalar::Bool(_)))
        | ("int", Some(scalar @ Scalar::Int(_)))
        | ("float", Some(scalar @ (Scalar::Int(_) | Scalar::Decimal(_)))) => Some(scalar),
        ("null" | "bool" | "int" | "float", _) => None,
        _ => Some(Scalar::Text(text.to_owned())),
    }
}
