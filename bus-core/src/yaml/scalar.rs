use serde_json::{Number, Value};

/// What a plain (unquoted) scalar means; `None` for a number that no value can hold (`.nan`, `1e400`).
pub(super) fn resolve(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return None,
        _ => match text.strip_prefix(['-', '+']).unwrap_or(text) {
            ".inf" | ".Inf" | ".INF" => return None,
            unsigned => return number(text, unsigned),
        },
    })
}

fn number(text: &str, unsigned: &str) -> Option<Value> {
    let as_text = || Some(Value::String(text.to_owned()));
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| !digits.starts_with(['+', '-'])) {
            return i64::from_str_radix(digits, radix).map_or_else(|_| as_text(), |int| Some(int.into()));
        }
    }
    let whole = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let leading_zero = whole > 1 && unsigned.starts_with('0');
    if !is_decimal(unsigned) || leading_zero {
        return as_text();
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    if whole == unsigned.len() {
        // longer than 64 bits: an identifier rather than a quantity
        return match (plain.parse::<i64>(), plain.parse::<u64>()) {
            (Ok(int), _) => Some(int.into()),
            (_, Ok(int)) => Some(int.into()),
            _ => as_text(),
        };
    }
    Number::from_f64(plain.parse().ok()?).map(Value::Number)
}

/// `digits [. digits] [e digits]` or `. digits [e digits]`.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let mut rest = text.get(whole..).unwrap_or_default();
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix('.') {
        fraction = digits(after);
        rest = after.get(fraction..).unwrap_or_default();
    }
    if whole + fraction == 0 {
        return false;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return rest.is_empty() };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !exponent.is_empty() && digits(exponent) == exponent.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_scalars() {
        for (text, value) in [
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("0", json!(0)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("123456789012345678901234", json!("123456789012345678901234")),
            ("01234", json!("01234")),
            ("00.5", json!("00.5")),
            ("yes", json!("yes")),
            ("inf", json!("inf")),
            ("1_000", json!("1_000")),
            (".", json!(".")),
            ("1e", json!("1e")),
            ("12:30", json!("12:30")),
            ("~", json!(null)),
            ("TRUE", json!(true)),
        ] {
            assert_eq!(resolve(text), Some(value), "{text}");
        }
        for text in ["1e400", "-1e400", ".nan", "-.inf"] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
