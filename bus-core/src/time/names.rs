//! The names of months and days, in French and English.

use crate::{Language, text};

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_MONTHS_FR: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
const DAYS_FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name of a month (1 to 12) or of a day of the week (1 is Monday).
pub(super) fn month(month: i8, short: bool, language: Language) -> &'static str {
    let place = usize::try_from(month - 1).unwrap_or_default();
    match (language, short) {
        (Language::Fr, true) => SHORT_MONTHS_FR.get(place).copied().unwrap_or_default(),
        (Language::Fr, false) => MONTHS_FR.get(place).copied().unwrap_or_default(),
        (Language::En, true) => MONTHS_EN.get(place).and_then(|name| name.get(..3)).unwrap_or_default(),
        (Language::En, false) => MONTHS_EN.get(place).copied().unwrap_or_default(),
    }
}

/// The name of a day of the week (1 is Monday), without the dot of a short French name.
pub(super) fn weekday(day: i8, short: bool, language: Language) -> &'static str {
    let names = if language == Language::Fr { DAYS_FR } else { DAYS_EN };
    let name = usize::try_from(day - 1).ok().and_then(|place| names.get(place).copied()).unwrap_or_default();
    if short { name.get(..3).unwrap_or(name) } else { name }
}

/// Reads a month's name, whole or shortened, in either language; says also whether it was shortened.
pub(super) fn read_month(word: &str) -> Option<(i8, bool)> {
    let word = fold(word)?;
    let found = MONTHS_FR.iter().chain(&MONTHS_EN).zip((1..=12).chain(1..=12));
    let mut candidates =
        found.filter_map(|(name, number)| match_name(&word, &fold(name)?).map(|short| (number, short)));
    let first = candidates.next()?;
    // `ju` or `ma` would be two months; `juil` and `mar` are one in each language and the same in both
    candidates.all(|(number, _)| number == first.0).then_some(first)
}

/// Reads the name of a day of the week, whole or shortened, in either language; 1 is Monday.
pub(super) fn read_weekday(word: &str) -> Option<(i8, bool)> {
    let word = fold(word)?;
    let found = DAYS_FR.iter().chain(&DAYS_EN).zip((1..=7).chain(1..=7));
    let mut candidates =
        found.filter_map(|(name, number)| match_name(&word, &fold(name)?).map(|short| (number, short)));
    candidates.next()
}

/// Whether `word` is the name (`false`) or a shortening of it of three letters or more (`true`).
fn match_name(word: &str, name: &str) -> Option<bool> {
    if word == name {
        return Some(false);
    }
    let short = word.len() >= 3 && word.len() <= 5 && name.starts_with(word);
    // `jul`, `juil`, `jui` …: French July is also shortened without its i
    let odd =
        matches!((word, name), ("jul" | "jll", "juillet") | ("jn" | "jun", "juin") | ("fvr", "fevrier"));
    // `mars` shortened to `mar` is also Tuesday: the caller knows which it looks for
    (short || odd).then_some(true)
}

fn fold(word: &str) -> Option<String> {
    let word = word.trim_end_matches('.');
    (!word.is_empty() && word.len() <= 16).then(|| text::plain(word).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_written() {
        for language in [Language::En, Language::Fr] {
            for short in [false, true] {
                for number in 1..=12 {
                    let name = month(number, short, language);
                    assert_eq!(read_month(name).map(|(month, _)| month), Some(number), "{name}");
                }
                for number in 1..=7 {
                    let name = weekday(number, short, language);
                    assert_eq!(read_weekday(name).map(|(day, _)| day), Some(number), "{name}");
                }
            }
        }
        for word in ["", "ju", "ma", "x", "marsouin", "jui"] {
            assert_eq!(read_month(word), None, "{word}");
        }
    }
}
