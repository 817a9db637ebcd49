//! Which plain texts are numbers and booleans: carefully, since an identifier made a number is lost.

use crate::kit::csv::names_a_code;
use bus_core::record::BatchBuilder;

/// Integers of more digits are identifiers (SIRET, PRM) or would lose digits in other tools.
const MOST_DIGITS: usize = 13;
/// Decimals of more digits than this say more than a number of other tools can hold.
const MOST_DECIMAL_DIGITS: usize = 17;

/// Whether the field holds codes by its name, so that its numbers stay text: `codeInsee`, `prm`, `Tel`.
pub fn is_code(name: &str) -> bool {
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for letter in name.chars() {
        if before.is_lowercase() && letter.is_uppercase() {
            words.push(' ');
        }
        words.push(letter);
        before = letter;
    }
    names_a_code(&words)
}

/// Writes `text` as a number or boolean if it plainly is one, otherwise as text.
///
/// A number has no leading zero or plus sign and is written in JSON's grammar; its digits are kept as
/// they are.
pub fn write(text: &str, out: &mut BatchBuilder) {
    match text.as_bytes() {
        [b'0'..=b'9' | b'-', ..] => number(text, out),
        b"true" => out.bool(true),
        b"false" => out.bool(false),
        _ => out.text(text),
    }
}

fn number(text: &str, out: &mut BatchBuilder) {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let whole = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let leading_zero = whole > 1 && unsigned.first() == Some(&b'0');
    if whole == 0 || leading_zero || whole > MOST_DIGITS {
        return out.text(text);
    }
    match unsigned.get(whole..) {
        Some([]) if text == "-0" => out.text(text),
        Some([]) => match text.parse() {
            Ok(int) => out.int(int),
            Err(_) => out.text(text),
        },
        Some([b'.', fraction @ ..]) if is_fraction(fraction, MOST_DECIMAL_DIGITS - whole) => {
            out.decimal(text);
        }
        _ => out.text(text),
    }
}

/// Digits, then perhaps an exponent.
fn is_fraction(bytes: &[u8], most: usize) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > most {
        return false;
    }
    match bytes.get(digits..) {
        Some([]) => true,
        Some([b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..]) => {
            (1..=3).contains(&exponent.len()) && exponent.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_code, write};
    use bus_core::record::BatchBuilder;

    fn typed(text: &str) -> String {
        let mut out = BatchBuilder::new();
        write(text, &mut out);
        format!("{:?}", out.take().record(0))
    }

    #[test]
    fn codes_have_telling_names() {
        for (name, code) in
            [("codeInsee", true), ("Id_PRM", true), ("@ref", true), ("watt", false), ("index_wh", false)]
        {
            assert_eq!(is_code(name), code, "{name}");
        }
    }

    #[test]
    fn numbers_are_numbers_and_identifiers_text() {
        for (text, expected) in [
            ("12", "12"),
            ("-3", "-3"),
            ("0", "0"),
            ("48.5", "48.5d"),
            ("1.50", "1.50d"),
            ("-0.25e-3", "-0.25e-3d"),
            ("true", "true"),
            ("007", "\"007\""),
            ("24000000000000", "\"24000000000000\""),
            ("+1", "\"+1\""),
            ("1e5", "\"1e5\""),
            ("2A004", "\"2A004\""),
            ("1.", "\"1.\""),
            (".5", "\".5\""),
            ("-", "\"-\""),
            ("-0", "\"-0\""),
            ("1,5", "\"1,5\""),
            ("", "\"\""),
            ("NaN", "\"NaN\""),
            ("1.0e9999", "\"1.0e9999\""),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }
}
