//! What the values of a column are, from a sample of them; and one value of it, never altered.

use super::{Decimal, Empty, Options, Types};
use crate::kit::json::number_len;

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Numbers, whole or with a decimal point.
    Number,
    /// Numbers with a decimal comma.
    CommaNumber,
    Bool,
}

/// What a value turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Text,
    Int(i64),
    /// A JSON number in its exact text.
    Decimal,
    /// A number with a comma where JSON has a point.
    CommaDecimal,
    Bool(bool),
    Masked,
    Null,
    Absent,
}

/// So many digits always fit an `i64`.
const SAFE_DIGITS: usize = 18;
/// A number of so many digits is a SIRET or a PRM.
const IDENTIFIER_DIGITS: usize = 14;
/// No number is written with more characters.
const LONGEST_NUMBER: usize = 300;

/// Marks that statistics and network operators put in place of a number they withhold.
const KNOWN_MARKS: [&str; 14] =
    ["S", "s", "nd", "ND", "n.d.", "N.D.", "n/d", "N/D", "nc", "NC", "ns", "NS", "secret", "c"];

/// How the fields of one table are told apart.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    masked: Vec<String>,
    empty: Found,
}

impl Rules {
    pub(super) fn new(options: &Options) -> Self {
        let empty = match options.empty {
            Empty::Null => Found::Null,
            Empty::Absent => Found::Absent,
            Empty::Text => Found::Text,
        };
        Self { masked: options.masked.clone(), empty }
    }

    /// What one field is.
    #[inline]
    pub(super) fn find(&self, kind: Kind, text: &[u8], quoted: bool) -> Found {
        if text.is_empty() {
            return if quoted && kind == Kind::Text { Found::Text } else { self.empty };
        }
        let found = match kind {
            Kind::Text => Found::Text,
            Kind::Number => number(text),
            Kind::CommaNumber => comma_number(text),
            Kind::Bool => boolean(text),
        };
        if found == Found::Text { self.text(kind, text) } else { found }
    }

    fn text(&self, kind: Kind, text: &[u8]) -> Found {
        let set = self.masked.iter().any(|mark| mark.as_bytes() == text);
        let known = matches!(kind, Kind::Number | Kind::CommaNumber) && self.is_known_mark(text);
        if set || known { Found::Masked } else { Found::Text }
    }

    /// Without marks of their own, the usual ones are known where numbers are expected.
    fn is_known_mark(&self, text: &[u8]) -> bool {
        self.masked.is_empty() && (KNOWN_MARKS.iter().any(|mark| mark.as_bytes() == text) || is_below(text))
    }
}

/// `< 1`, `<10`, `<= 0,5`.
fn is_below(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"<") else { return false };
    let rest = rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii();
    !matches!(comma_number(rest), Found::Text) && !rest.is_empty()
}

#[inline]
fn number(text: &[u8]) -> Found {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return decimal(text);
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    let negative = digits.len() < text.len();
    let plain = digits.first() != Some(&b'0') || (digits.len() == 1 && !negative);
    if (1..=SAFE_DIGITS).contains(&digits.len()) && plain {
        Found::Int(if negative { -value } else { value })
    } else {
        decimal(text)
    }
}

fn decimal(text: &[u8]) -> Found {
    let is_number = text.len() <= LONGEST_NUMBER && number_len(text) == Some(text.len());
    // 12E5 may be a code; an exponent is believed behind decimals, or if it is negative
    let believed = memchr::memchr2(b'e', b'E', text).is_none_or(|exponent| {
        let behind_decimals = memchr::memchr(b'.', text).is_some();
        (behind_decimals || text.get(exponent + 1) == Some(&b'-')) && is_finite(text)
    });
    if is_number && believed { Found::Decimal } else { Found::Text }
}

fn is_finite(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse().is_ok_and(f64::is_finite))
}

fn comma_number(text: &[u8]) -> Found {
    let Some(comma) = memchr::memchr(b',', text) else {
        return match number(text) {
            Found::Text if is_grouped(text) => Found::CommaDecimal,
            Found::Decimal if memchr::memchr(b'.', text).is_some() => Found::Text,
            found => found,
        };
    };
    let (whole, fraction) = text.split_at(comma);
    let digits = fraction.get(1..).unwrap_or_default();
    let fits = text.len() <= LONGEST_NUMBER && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let whole_fits = number_len(whole) == Some(whole.len())
        && whole.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if (fits && whole_fits) || is_grouped(text) { Found::CommaDecimal } else { Found::Text }
}

/// `1 234,5`, with any of the spaces that French puts between groups of three digits.
fn is_grouped(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) =
        unsigned.split_once(',').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split([' ', '\u{a0}', '\u{202f}']);
    let first = groups.next().unwrap_or_default();
    let count = groups.clone().count();
    text.len() <= LONGEST_NUMBER
        && count > 0
        && first.len() <= 3
        && is_digits(first)
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && fraction.is_none_or(is_digits)
}

fn boolean(text: &[u8]) -> Found {
    if text.eq_ignore_ascii_case(b"true") {
        Found::Bool(true)
    } else if text.eq_ignore_ascii_case(b"false") {
        Found::Bool(false)
    } else {
        Found::Text
    }
}

/// What a sample says about one column.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    integers: usize,
    points: usize,
    commas: usize,
    /// Groups of digits without decimals: numbers only where decimal commas stand beside them.
    grouped: usize,
    booleans: usize,
    marks: usize,
    texts: usize,
    quoted: usize,
    /// Digits only, with a leading zero or too many of them.
    codes: usize,
    nine_digits_with_key: usize,
    values: usize,
}

impl Evidence {
    pub(super) fn add(&mut self, text: &[u8], quoted: bool, rules: &Rules) {
        if text.is_empty() {
            return;
        }
        self.values += 1;
        self.quoted += usize::from(quoted);
        let digits = text.iter().all(u8::is_ascii_digit);
        if digits && (text.len() >= IDENTIFIER_DIGITS || (text.len() > 1 && text.starts_with(b"0"))) {
            self.codes += 1;
        } else if digits && text.len() == 9 && has_key(text) {
            self.nine_digits_with_key += 1;
        }
        match number(text) {
            Found::Int(_) => self.integers += 1,
            Found::Decimal => self.points += 1,
            _ if comma_number(text) == Found::CommaDecimal => {
                let decimals = memchr::memchr(b',', text).is_some();
                self.commas += usize::from(decimals);
                self.grouped += usize::from(!decimals);
            }
            _ if boolean(text) != Found::Text => self.booleans += 1,
            _ if rules.text(Kind::Number, text) == Found::Masked => self.marks += 1,
            _ => self.texts += 1,
        }
    }

    /// Whether every value is a number that stands without quotes.
    pub(super) const fn is_bare_number(&self) -> bool {
        self.values > 0
            && self.quoted == 0
            && self.texts == 0
            && self.integers + self.points + self.commas > 0
    }

    /// Whether the values are numbers, for telling a header from them.
    pub(super) const fn is_number(&self) -> bool {
        self.values > 0 && self.texts + self.booleans == 0
    }

    /// Whether some values are codes: a leading zero, or too many digits for a quantity.
    pub(super) const fn has_codes(&self) -> bool {
        self.codes > 0
    }

    /// The kind of the column `name`; `selective` says that other columns have numbers without quotes.
    pub(super) fn kind(&self, name: &str, options: &Options, selective: bool) -> Kind {
        let numbers = self.integers + self.points + self.commas;
        let quoted_codes = selective && self.quoted == self.values;
        let siren = self.nine_digits_with_key > 2 && self.nine_digits_with_key == self.values;
        let code = self.codes > 0 || siren || (self.points + self.commas == 0 && names_a_code(name));
        if options.types == Types::Text || self.texts > 0 || self.values == 0 {
            Kind::Text
        } else if numbers == 0 {
            if self.booleans > 0 && self.marks == 0 { Kind::Bool } else { Kind::Text }
        } else if self.booleans > 0 || code || quoted_codes || (self.grouped > 0 && self.commas == 0) {
            Kind::Text
        } else {
            match options.decimal {
                Decimal::Comma => Kind::CommaNumber,
                Decimal::Guess if self.commas > 0 && self.points == 0 => Kind::CommaNumber,
                // both in one column: nobody can know which is which
                Decimal::Guess | Decimal::Point if self.commas > 0 => Kind::Text,
                Decimal::Guess | Decimal::Point => Kind::Number,
            }
        }
    }
}

/// Whether the last digit is the Luhn key of the others, as in a SIREN.
fn has_key(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match place % 2 {
                0 => value,
                _ if value > 4 => value * 2 - 9,
                _ => value * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Words in column names whose numbers are names, not quantities.
const CODE_WORDS: [&str; 44] = [
    "insee",
    "codgeo",
    "depcom",
    "postal",
    "cp",
    "zip",
    "zipcode",
    "postcode",
    "siren",
    "siret",
    "nic",
    "prm",
    "pdl",
    "pce",
    "rae",
    "eic",
    "epci",
    "iris",
    "code",
    "dep",
    "departement",
    "dept",
    "reg",
    "tel",
    "telephone",
    "phone",
    "mobile",
    "portable",
    "fax",
    "gtin",
    "ean",
    "isbn",
    "issn",
    "imei",
    "iban",
    "bic",
    "naf",
    "ape",
    "uai",
    "rna",
    "matricule",
    "reference",
    "ref",
    "com",
];

/// Whether the name says that the column holds codes: `Code INSEE région`, `code_postal`, `prm`.
pub(crate) fn names_a_code(name: &str) -> bool {
    let plain = bus_core::text::plain(name).to_lowercase();
    plain.split(|letter: char| !letter.is_alphanumeric()).any(|word| CODE_WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, values: &[&str]) -> Kind {
        let options = Options::default();
        let rules = Rules::new(&options);
        let mut evidence = Evidence::default();
        for value in values {
            evidence.add(value.as_bytes(), false, &rules);
        }
        evidence.kind(name, &options, false)
    }

    #[test]
    fn codes_stay_text() {
        for (name, values) in [
            ("x", ["007", "12"]),
            ("x", ["12345678901234", "12345678901235"]),
            ("Code INSEE", ["75056", "13055"]),
            ("code_postal", ["38000", "38100"]),
            ("Téléphone", ["33612345678", "33612345679"]),
            ("x", ["2A", "12"]),
            ("x", ["1.10.2", "1.2"]),
            ("x", ["12E5", "3"]),
            ("x", ["1,5", "1.5"]),
        ] {
            assert_eq!(kind(name, &values), Kind::Text, "{name} {values:?}");
        }
        assert_eq!(kind("x", &["732829320", "552100554", "542065479"]), Kind::Text, "SIREN");
    }

    #[test]
    fn numbers_are_numbers() {
        assert_eq!(kind("watt", &["12", "-3", "", "S", "< 1"]), Kind::Number);
        assert_eq!(kind("lat", &["48.85", "2"]), Kind::Number);
        assert_eq!(kind("conso", &["48,85", "2"]), Kind::CommaNumber);
        assert_eq!(kind("x", &["true", "FALSE"]), Kind::Bool);
        let rules = Rules::new(&Options::default());
        for (text, found) in [
            ("12", Found::Int(12)),
            ("-9", Found::Int(-9)),
            ("007", Found::Text),
            ("1.10", Found::Decimal),
            ("-0", Found::Decimal),
            ("4e-05", Found::Decimal),
            ("9223372036854775808", Found::Decimal),
            ("1.5e400", Found::Text),
            ("nd", Found::Masked),
            ("<= 10", Found::Masked),
            ("<", Found::Text),
            ("inconnu", Found::Text),
        ] {
            assert_eq!(rules.find(Kind::Number, text.as_bytes(), false), found, "{text}");
        }
        assert_eq!(rules.find(Kind::CommaNumber, b"1,50", false), Found::CommaDecimal);
        assert_eq!(rules.find(Kind::CommaNumber, b"1.50", false), Found::Text);
        assert_eq!(kind("kWh", &["1 234,5", "987,0", "1 000"]), Kind::CommaNumber);
        assert_eq!(kind("n", &["1 234", "12"]), Kind::Text);
        for text in ["1 234,5", "-12\u{202f}345\u{a0}678", "1 234"] {
            assert_eq!(rules.find(Kind::CommaNumber, text.as_bytes(), false), Found::CommaDecimal, "{text}");
        }
        for text in ["1 23,5", "0 800", "1 234,", "1  234", "06 12", " 123"] {
            assert_eq!(rules.find(Kind::CommaNumber, text.as_bytes(), false), Found::Text, "{text}");
        }
    }
}
