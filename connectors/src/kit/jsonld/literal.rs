use crate::kit::rdf::{Term, names};
use base64::Engine as _;
use bus_core::record::{Precision, Timestamp, Value};

/// Writes the lexical form of a value under an optional type and says its type; `None` for what is no
/// literal (null, masked, lists, objects).
///
/// Integers, booleans and floats follow JSON-LD 1.1 API, 10.8; a number kept in its exact text is written
/// as that text, `xsd:decimal` unless it has an exponent; times are `xsd:dateTime` and `xsd:date`.
pub(super) fn lexical<'t>(value: Value<'_>, wanted: Option<&'t str>, out: &mut String) -> Option<&'t str> {
    out.clear();
    let datatype = match value {
        Value::Null | Value::Masked(_) | Value::List(_) | Value::Object(_) => return None,
        Value::Bool(value) => {
            out.push_str(if value { "true" } else { "false" });
            names::BOOLEAN
        }
        Value::Int(int) if wanted == Some(names::DOUBLE) => {
            #[expect(clippy::cast_precision_loss, reason = "a double is what the context asks for")]
            canonical_double(int as f64, out);
            names::DOUBLE
        }
        Value::Int(int) => {
            out.push_str(itoa::Buffer::new().format(int));
            names::INTEGER
        }
        Value::Float(float) => write_float(float, wanted, out),
        Value::Decimal(text) => write_exact(text, wanted, out),
        Value::Text(text) => {
            out.push_str(text);
            names::STRING
        }
        Value::Time(time) => return Some(write_time(time, wanted, out)),
        Value::Bytes(bytes) => {
            base64::engine::general_purpose::STANDARD.encode_string(bytes, out);
            names::BASE64
        }
    };
    Some(wanted.unwrap_or(datatype))
}

fn write_float(float: f64, wanted: Option<&str>, out: &mut String) -> &'static str {
    use std::fmt::Write as _;
    let whole = float.fract() == 0.0 && float.abs() < 1e21;
    // there is no negative zero among integers
    let float = if float == 0.0 { 0.0 } else { float };
    let plain = wanted == Some(names::DECIMAL) || (whole && wanted != Some(names::DOUBLE));
    if plain {
        // writing into a string cannot fail
        let _written = write!(out, "{float}");
        return if whole { names::INTEGER } else { names::DECIMAL };
    }
    canonical_double(float, out);
    names::DOUBLE
}

fn write_exact(text: &str, wanted: Option<&str>, out: &mut String) -> &'static str {
    let exponent = text.contains(['e', 'E']);
    if exponent && wanted == Some(names::DECIMAL) {
        return write_float(text.parse().unwrap_or_default(), wanted, out);
    }
    if wanted == Some(names::INTEGER)
        && let Some((whole, fraction)) = text.split_once('.')
        && fraction.bytes().all(|digit| digit == b'0')
    {
        out.push_str(whole);
        return names::INTEGER;
    }
    out.push_str(text);
    match (exponent, text.contains('.')) {
        (true, _) => names::DOUBLE,
        (false, true) => names::DECIMAL,
        (false, false) => names::INTEGER,
    }
}

/// The canonical form of `xsd:double`: `5.5E0`.
fn canonical_double(float: f64, out: &mut String) {
    let text = format!("{float:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            if !mantissa.contains('.') {
                out.push_str(".0");
            }
            out.push('E');
            out.push_str(exponent);
        }
        None => out.push_str(&text),
    }
}

fn write_time<'t>(time: Timestamp, wanted: Option<&'t str>, out: &mut String) -> &'t str {
    let day = time.precision() == Precision::Day;
    match (day, wanted) {
        // a day is no point in time: its own type says so
        (true, None | Some(names::DATE_TIME)) => {
            time.write(out);
            names::DATE
        }
        (false, Some(names::DATE)) => {
            time.write(out);
            out.truncate(10);
            names::DATE
        }
        (false, None | Some(names::DATE_TIME)) => {
            time.write(out);
            if time.precision() == Precision::Minute && out.len() >= 16 {
                out.insert_str(16, ":00");
            }
            names::DATE_TIME
        }
        (_, Some(wanted)) => {
            time.write(out);
            wanted
        }
    }
}

/// The term of a lexical form and a type.
pub(super) fn literal<'a>(value: &'a str, datatype: &'a str) -> Term<'a> {
    if datatype == names::STRING { Term::Plain(value) } else { Term::Typed(value, datatype) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value<'_>, wanted: Option<&str>) -> String {
        let mut out = String::new();
        let datatype = lexical(value, wanted, &mut out).unwrap_or("-");
        format!("{out} {}", datatype.rsplit('#').next().unwrap_or_default())
    }

    #[test]
    fn numbers() {
        assert_eq!(shown(Value::Int(5), None), "5 integer");
        assert_eq!(shown(Value::Int(5), Some(names::DOUBLE)), "5.0E0 double");
        assert_eq!(shown(Value::Float(5.5), None), "5.5E0 double");
        assert_eq!(shown(Value::Float(5.0), None), "5 integer");
        assert_eq!(shown(Value::Float(1e30), None), "1.0E30 double");
        assert_eq!(shown(Value::Float(44.5), Some(names::DECIMAL)), "44.5 decimal");
        assert_eq!(shown(Value::Decimal("1.50"), None), "1.50 decimal");
        assert_eq!(shown(Value::Decimal("1.50"), Some(names::DOUBLE)), "1.50 double");
        assert_eq!(shown(Value::Decimal("1e3"), Some(names::DECIMAL)), "1000 decimal");
        assert_eq!(shown(Value::Decimal("123456789012345678901"), None), "123456789012345678901 integer");
    }

    #[test]
    fn times() {
        let time = |text| Timestamp::parse(text).map_or(Value::Null, Value::Time);
        assert_eq!(shown(time("2026-03-28"), None), "2026-03-28 date");
        assert_eq!(shown(time("2026-03-28T10:00"), None), "2026-03-28T10:00:00 dateTime");
        assert_eq!(shown(time("2026-03-28T10:00+01:00"), None), "2026-03-28T10:00:00+01:00 dateTime");
        assert_eq!(shown(time("2026-03-28T10:00:05Z"), Some(names::DATE)), "2026-03-28 date");
    }
}
