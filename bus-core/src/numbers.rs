//! Numbers as people write them.

/// The number a text writes, in JSON's grammar: `1 234,56` and `1.234,56` and `1,234.56` are `1234.56`.
///
/// A single comma is a decimal comma (`1,234` is a bit more than one); spaces of any kind group digits by three.
/// `None` if the text is no number, or one with a leading zero such as `01234`, which is a code.
///
/// ```
/// assert_eq!(bus_core::numbers::read("−1 234,50"), Some("-1234.50".to_owned()));
/// assert_eq!(bus_core::numbers::read("75056 Paris"), None);
/// ```
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let (number, rest) = quantity(text)?;
    rest.is_empty().then_some(number)
}

/// The number at the start of a text (see [`read`]) and what follows it, trimmed: `12,5 kWh` is `12.5` and `kWh`.
#[must_use]
pub fn quantity(text: &str) -> Option<(String, &str)> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix(['-', '−', '–']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = number_length(unsigned);
    let (written, rest) = unsigned.split_at_checked(length)?;
    let mut number = plain(written)?;
    let mut rest = rest;
    if let Some((exponent, after)) = exponent(rest) {
        number.push('e');
        number.push_str(exponent);
        rest = after;
    }
    if negative {
        number.insert(0, '-');
    }
    Some((number, rest.trim()))
}

/// How many bytes of the text are digits, points, commas and spaces between digits.
fn number_length(text: &str) -> usize {
    let mut end = 0;
    let mut gap = false;
    for (place, char) in text.char_indices() {
        match char {
            '0'..='9' => {
                // a space groups three digits
                if gap && !groups_three(text.get(place..).unwrap_or_default()) {
                    return end;
                }
                gap = false;
                end = place + 1;
            }
            '.' | ',' if !gap => {}
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' if !gap && end == place => gap = true,
            _ => return end,
        }
    }
    end
}

fn groups_three(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 3
}

/// Digits with whatever groups and points them, in JSON's grammar.
fn plain(written: &str) -> Option<String> {
    let compact: String = written.chars().filter(|char| matches!(char, '0'..='9' | '.' | ',')).collect();
    let (points, commas) = (compact.matches('.').count(), compact.matches(',').count());
    let (groups, decimal) = match (points, commas) {
        (0, 0) => (None, None),
        (1, 0) => (None, Some('.')),
        (0, 1) => (None, Some(',')),
        (_, 1) if compact.find(',') > compact.rfind('.') => (Some('.'), Some(',')),
        (1, _) if compact.find('.') > compact.rfind(',') => (Some(','), Some('.')),
        (0, _) => (Some(','), None),
        (_, 0) => (Some('.'), None),
        _ => return None,
    };
    let (whole, fraction) = match decimal {
        Some(sign) => compact.split_once(sign)?,
        None => (compact.as_str(), ""),
    };
    let whole = match groups {
        Some(sign) => {
            let mut parts = whole.split(sign);
            let first = parts.next()?;
            if first.is_empty() || first.len() > 3 || !parts.all(|part| part.len() == 3) {
                return None;
            }
            whole.replace(sign, "")
        }
        None => whole.to_owned(),
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || (decimal.is_some() && fraction.is_empty()) {
        return None;
    }
    Some(if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") })
}

/// `e3`, `E-05`, if it comes next.
fn exponent(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix(['e', 'E'])?;
    let digits = after.strip_prefix(['-', '+']).unwrap_or(after);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let rest = digits.get(count..)?;
    if count == 0 || count > 3 || rest.starts_with(|char: char| char.is_alphanumeric()) {
        return None;
    }
    Some((after.get(..after.len() - rest.len())?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people() {
        for (text, number) in [
            ("12", "12"),
            ("12,5", "12.5"),
            ("1 234,56", "1234.56"),
            ("1\u{202f}234\u{202f}567", "1234567"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1,234,567", "1234567"),
            ("1,234", "1.234"),
            ("−3", "-3"),
            ("+3.0", "3.0"),
            ("0", "0"),
            ("0,50", "0.50"),
            ("1.5e3", "1.5e3"),
            ("1'234'567", "1234567"),
        ] {
            assert_eq!(read(text).as_deref(), Some(number), "{text}");
        }
        for text in
            ["", "-", "1.", ",5", "01234", "12 34", "1.2.3", "1,2,3", "abc", "12 rue", "1 2345", "1e", "."]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn with_a_unit() {
        assert_eq!(quantity("12,5 kWh"), Some(("12.5".to_owned(), "kWh")));
        assert_eq!(quantity("1 200W"), Some(("1200".to_owned(), "W")));
        assert_eq!(quantity("3e"), Some(("3".to_owned(), "e")));
        assert_eq!(quantity("22 rue"), Some(("22".to_owned(), "rue")));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_read_is_json(text in "[-+0-9., \u{a0}eE'a]{0,14}") {
            if let Some(number) = read(&text) {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Number>(&number).is_ok(), "{number}");
            }
        }
    }
}
