use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A form of text that has a name and a check: codes of the French administration and of energy networks,
/// addresses of all kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnownFormat {
    /// # INSEE code of a commune
    ///
    /// Five characters, such as `75056` or `2A004`.
    InseeCommune,
    /// # Department
    ///
    /// The code of a French department, such as `01`, `2A` or `974`.
    Department,
    /// # French postal code
    ///
    /// Five digits, such as `75007`.
    PostalCode,
    /// # SIREN
    ///
    /// The nine digits of a French enterprise, with their check digit.
    Siren,
    /// # SIRET
    ///
    /// The fourteen digits of an establishment of a French enterprise, with their check digit.
    Siret,
    /// # PRM or PDL
    ///
    /// The fourteen digits of a delivery point of electricity.
    Prm,
    /// # PCE
    ///
    /// A delivery point of gas: fourteen digits, or `GI` and six digits.
    Pce,
    /// # Phone number
    ///
    /// A French number in national form, or any number in international form.
    Phone,
    /// # E-mail address
    Email,
    /// # Web address
    ///
    /// An address that starts with `http://`, `https://` or `ftp://`.
    Url,
    /// # UUID
    ///
    /// A universal identifier, such as `123e4567-e89b-12d3-a456-426614174000`.
    Uuid,
    /// # Longitude and latitude
    ///
    /// Two numbers in this order, such as `[2.35, 48.85]`.
    LonLat,
}

impl KnownFormat {
    /// All of them, those that say more first.
    pub const ALL: [Self; 12] = [
        Self::Email,
        Self::Url,
        Self::Uuid,
        Self::LonLat,
        Self::Siret,
        Self::Siren,
        Self::Prm,
        Self::Pce,
        Self::Phone,
        Self::InseeCommune,
        Self::PostalCode,
        Self::Department,
    ];

    /// Whether a text (without spaces around it) has this form.
    #[must_use]
    pub fn holds(self, text: &str) -> bool {
        match self {
            Self::InseeCommune => insee_commune(text),
            Self::Department => department(text),
            Self::PostalCode => digits(text, 5) && !text.starts_with("00") && !text.starts_with("99"),
            Self::Siren => compact(text, 9).is_some_and(|digits| luhn(&digits)),
            Self::Siret => compact(text, 14).is_some_and(|digits| siret(&digits)),
            Self::Prm => digits(text, 14),
            Self::Pce => {
                digits(text, 14)
                    || text
                        .strip_prefix("GI")
                        .or_else(|| text.strip_prefix("gi"))
                        .is_some_and(|rest| digits(rest, 6))
            }
            Self::Phone => phone(text),
            Self::Email => email(text),
            Self::Url => url(text),
            Self::Uuid => uuid(text),
            Self::LonLat => lon_lat(text).is_some(),
        }
    }

    /// The name as it stands in settings.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::InseeCommune => "insee-commune",
            Self::Department => "department",
            Self::PostalCode => "postal-code",
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::Prm => "prm",
            Self::Pce => "pce",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Url => "url",
            Self::Uuid => "uuid",
            Self::LonLat => "lon-lat",
        }
    }

    /// The name for people, in English; a text of the translation table.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InseeCommune => "INSEE code of a commune",
            Self::Department => "Department",
            Self::PostalCode => "French postal code",
            Self::Siren => "SIREN",
            Self::Siret => "SIRET",
            Self::Prm => "PRM or PDL",
            Self::Pce => "PCE",
            Self::Phone => "Phone number",
            Self::Email => "E-mail address",
            Self::Url => "Web address",
            Self::Uuid => "UUID",
            Self::LonLat => "Longitude and latitude",
        }
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of a text that may be grouped by spaces.
fn compact(text: &str, count: usize) -> Option<String> {
    if text.len() > 2 * count {
        return None;
    }
    let digits: String = text.chars().filter(|char| !matches!(char, ' ' | '\u{a0}' | '\u{202f}')).collect();
    self::digits(&digits, count).then_some(digits)
}

fn insee_commune(text: &str) -> bool {
    let Some((department, rest)) = text.split_at_checked(2) else { return false };
    if text.len() != 5 || !rest.bytes().all(|byte| byte.is_ascii_digit()) || rest == "000" {
        return false;
    }
    match department {
        "2A" | "2B" => true,
        "97" | "98" => rest.starts_with(|digit| ('1'..='8').contains(&digit)),
        "00" | "20" | "96" | "99" => false,
        _ => department.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn department(text: &str) -> bool {
    match text {
        "2A" | "2B" | "2a" | "2b" => true,
        _ if digits(text, 2) => !matches!(text, "00" | "20" | "96" | "97" | "98" | "99"),
        _ if digits(text, 3) => matches!(
            text,
            "971" | "972" | "973" | "974" | "975" | "976" | "977" | "978" | "984" | "986" | "987" | "988"
        ),
        _ => false,
    }
}

fn luhn(digits: &str) -> bool {
    let doubled = digits.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte - b'0');
        match (place % 2, digit) {
            (0, _) => digit,
            (_, 0..=4) => 2 * digit,
            _ => 2 * digit - 9,
        }
    });
    doubled.sum::<u32>().is_multiple_of(10) && digits.bytes().any(|byte| byte != b'0')
}

/// Luhn's check; the establishments of La Poste (SIREN 356 000 000) add up to a multiple of five instead.
fn siret(digits: &str) -> bool {
    let la_poste = digits.starts_with("356000000");
    luhn(digits)
        || (la_poste && digits.bytes().map(|byte| u32::from(byte - b'0')).sum::<u32>().is_multiple_of(5))
}

fn phone(text: &str) -> bool {
    let plain: String = text
        .chars()
        .filter(|char| !matches!(char, ' ' | '.' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}'))
        .collect();
    if let Some(rest) = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        return (7..=16).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit());
    }
    digits(&plain, 10) && plain.starts_with('0') && !plain.starts_with("00")
}

fn email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let user_char = |char: char| char.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(char);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_alphanumeric() || char == '-')
    };
    (1..=64).contains(&user.len())
        && !user.starts_with('.')
        && !user.ends_with('.')
        && user.chars().all(user_char)
        && host.len() <= 253
        && host.contains('.')
        && host.split('.').all(label)
}

fn url(text: &str) -> bool {
    let after = ["http://", "https://", "ftp://"].iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        if start.eq_ignore_ascii_case(scheme) { text.get(scheme.len()..) } else { None }
    });
    let Some(after) = after else { return false };
    let host = after.split(['/', '?', '#']).next().unwrap_or_default();
    !host.is_empty()
        && host.chars().all(|char| char.is_alphanumeric() || "-._~:@[]%".contains(char))
        && !after.contains(|char: char| char.is_whitespace() || matches!(char, '<' | '>' | '"'))
}

fn uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths = parts.iter().map(|part| part.len());
    lengths.eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The two numbers of `[2.35, 48.85]`, `2.35,48.85` or `2.35 48.85`, as longitude and latitude.
pub(crate) fn lon_lat(text: &str) -> Option<[&str; 2]> {
    let inner = text.trim();
    let inner = match inner.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => inner,
    };
    let (first, second) =
        inner.split_once(',').or_else(|| inner.split_once(';')).or_else(|| inner.split_once(' '))?;
    let (first, second) = (first.trim(), second.trim());
    (within(first, 180.0) && within(second, 90.0)).then_some([first, second])
}

/// Whether a text is a plain decimal number from `-limit` to `limit`.
pub(crate) fn within(text: &str, limit: f64) -> bool {
    let plain = text.strip_prefix('-').unwrap_or(text);
    plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && plain.starts_with(|char: char| char.is_ascii_digit())
        && plain.ends_with(|char: char| char.is_ascii_digit())
        && text.parse::<f64>().is_ok_and(|number| number.abs() <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_form_and_what_has_not() {
        use KnownFormat as F;
        for (format, good, bad) in [
            (
                F::InseeCommune,
                vec!["75056", "2A004", "97105", "01001"],
                vec!["20001", "7505", "75000", "2C004", "99001"],
            ),
            (F::Department, vec!["01", "2A", "974", "95"], vec!["20", "1", "96", "979"]),
            (F::PostalCode, vec!["75007", "20000", "01000"], vec!["7500", "00100", "75 007"]),
            (F::Siren, vec!["732829320", "732 829 320"], vec!["732829321", "000000000", "73282932"]),
            (
                F::Siret,
                vec!["73282932000074", "35600000000048", "35600000049837"],
                vec!["73282932000075", "7328293200007"],
            ),
            (F::Prm, vec!["12345678912345"], vec!["1234567891234"]),
            (F::Pce, vec!["GI123456", "12345678912345"], vec!["GI12345"]),
            (
                F::Phone,
                vec!["01 23 45 67 89", "+33 1 23 45 67 89", "06.12.34.56.78"],
                vec!["123", "1234567890", "00"],
            ),
            (F::Email, vec!["a.b@example.org", "é@exemple.fr"], vec!["a@b", "@b.fr", "a b@c.fr", "a@b..fr"]),
            (
                F::Url,
                vec!["https://example.org/a?b#c", "HTTP://a.fr"],
                vec!["example.org", "https://", "http://a b"],
            ),
            (F::Uuid, vec!["123e4567-e89b-12d3-a456-426614174000"], vec!["123e4567e89b12d3a456426614174000"]),
            (
                F::LonLat,
                vec!["[2.35, 48.85]", "2.35,48.85", "-1.5 47"],
                vec!["[48.85]", "200,5", "a,b", "[1,2"],
            ),
        ] {
            assert!(good.iter().all(|text| format.holds(text)), "{format:?}");
            assert!(!bad.iter().any(|text| format.holds(text)), "{format:?} {bad:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_judged(text in "\\PC{0,24}") {
            for format in KnownFormat::ALL {
                let trimmed = text.trim();
                proptest::prop_assert_eq!(format.holds(trimmed), format.holds(trimmed));
            }
        }
    }
}
