//! What the text of a field may be: each guess with how many values fit it.

use super::column::{Tally, shortened};
use crate::{
    numbers,
    record::{Number, Timestamp},
    schema::KnownFormat,
    time::{Hints, recognise},
    units::Unit,
};

/// A guess about text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    Boolean,
    Integer,
    Number,
    Quantity,
    Date,
    Clock,
    Known(KnownFormat),
}

/// One guess and how it does.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) guess: Guess,
    pub(super) matched: u64,
    pub(super) tried: u64,
    pub(super) counter_examples: Vec<String>,
    given_up: bool,
}

const MOST_COUNTER_EXAMPLES: usize = 3;
/// After so many values a guess that fits less than one in twenty is given up.
const FAIR_TRIAL: u64 = 200;

/// All guesses about one field.
#[derive(Debug)]
pub(super) struct Candidates {
    all: Vec<Candidate>,
    /// Texts that look like marks of withheld values.
    pub(super) marks: Tally,
    pub(super) date_patterns: Tally,
    /// Dates of which day and month cannot be exchanged.
    pub(super) clear_dates: u64,
    /// Dates with a time of day.
    pub(super) clock_dates: u64,
    /// Dates that are digits only, which could be plain numbers.
    pub(super) digit_dates: u64,
    pub(super) time_range: Option<(Timestamp, Timestamp)>,
    pub(super) units: Tally,
    pub(super) decimal_commas: u64,
    pub(super) fractions: u64,
    pub(super) leading_zeros: u64,
    pub(super) number_range: Option<((f64, String), (f64, String))>,
}

impl Default for Candidates {
    fn default() -> Self {
        let guesses =
            [Guess::Boolean, Guess::Integer, Guess::Number, Guess::Quantity, Guess::Date, Guess::Clock]
                .into_iter()
                .chain(KnownFormat::ALL.map(Guess::Known));
        let all = guesses.map(|guess| Candidate {
            guess,
            matched: 0,
            tried: 0,
            counter_examples: Vec::new(),
            given_up: false,
        });
        Self {
            all: all.collect(),
            marks: Tally::default(),
            date_patterns: Tally::default(),
            clear_dates: 0,
            clock_dates: 0,
            digit_dates: 0,
            time_range: None,
            units: Tally::default(),
            decimal_commas: 0,
            fractions: 0,
            leading_zeros: 0,
            number_range: None,
        }
    }
}

impl Candidates {
    pub(super) fn get(&self, guess: Guess) -> Option<&Candidate> {
        self.all.iter().find(|candidate| candidate.guess == guess)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.all.iter()
    }

    /// Tries a text (or the text of a number) against every guess.
    pub(super) fn add(&mut self, text: &str, is_text: bool) {
        if is_text && is_mark(text) {
            self.marks.add(text);
            return;
        }
        let mut all = std::mem::take(&mut self.all);
        for candidate in all.iter_mut().filter(|candidate| !candidate.given_up) {
            candidate.tried += 1;
            if self.fits(candidate.guess, text, is_text) {
                candidate.matched += 1;
            } else if candidate.counter_examples.len() < MOST_COUNTER_EXAMPLES {
                let example = shortened(text);
                if !candidate.counter_examples.contains(&example) {
                    candidate.counter_examples.push(example);
                }
            }
            candidate.given_up = candidate.tried >= FAIR_TRIAL && candidate.matched * 20 < candidate.tried;
        }
        self.all = all;
    }

    fn fits(&mut self, guess: Guess, text: &str, is_text: bool) -> bool {
        match guess {
            Guess::Boolean => is_text && boolean_word(text).is_some(),
            Guess::Integer => is_text && self.integer(text),
            Guess::Number => is_text && self.number(text),
            Guess::Quantity => is_text && self.quantity(text),
            Guess::Date => self.date(text, is_text),
            Guess::Clock => is_text && is_clock(text),
            // `12,5` is a number with a decimal comma, not a place
            Guess::Known(KnownFormat::LonLat) => {
                let sure = text.starts_with('[') || text.matches('.').count() == 2;
                sure && KnownFormat::LonLat.holds(text)
            }
            Guess::Known(format) => format.holds(text),
        }
    }

    fn integer(&mut self, text: &str) -> bool {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if all_digits && digits.len() > 1 && digits.starts_with('0') {
            self.leading_zeros += 1;
            return false;
        }
        numbers::read(text).is_some_and(|number| number.parse::<i64>().is_ok())
    }

    fn number(&mut self, text: &str) -> bool {
        let Some(number) = numbers::read(text) else { return false };
        self.range(&number);
        if number.contains(['.', 'e', 'E']) {
            self.fractions += 1;
            // the sign before the last digits is the decimal one
            self.decimal_commas += u64::from(text.rfind(',') > text.rfind('.'));
        }
        true
    }

    fn range(&mut self, text: &str) {
        let number = Number::Decimal(text).to_f64();
        match &mut self.number_range {
            None => self.number_range = Some(((number, text.to_owned()), (number, text.to_owned()))),
            Some((least, most)) => {
                if number < least.0 {
                    *least = (number, text.to_owned());
                }
                if number > most.0 {
                    *most = (number, text.to_owned());
                }
            }
        }
    }

    fn quantity(&mut self, text: &str) -> bool {
        let Some((number, unit)) = numbers::quantity(text) else { return false };
        if unit.is_empty() || unit.len() > 12 {
            return false;
        }
        let known = unit.parse::<Unit>().ok().and_then(|unit| unit.known());
        let Some(known) = known else { return false };
        self.units.add(known.symbol());
        self.range(&number);
        true
    }

    fn date(&mut self, text: &str, is_text: bool) -> bool {
        let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
        if (!is_text && !digits_only) || text.len() < 6 {
            return false;
        }
        let Some(found) = recognise(text, &Hints::default()) else { return false };
        let year = found.time.civil().year();
        if digits_only && !(1900..=2100).contains(&year) {
            return false;
        }
        self.digit_dates += u64::from(digits_only);
        self.clear_dates += u64::from(!found.ambiguous);
        self.clock_dates += u64::from(!found.time.is_date());
        self.date_patterns.add(found.pattern.as_str());
        let (first, last) = self.time_range.unwrap_or((found.time, found.time));
        self.time_range = Some((first.min(found.time), last.max(found.time)));
        true
    }
}

/// The boolean that a word says which says little else.
pub(super) fn boolean_word(text: &str) -> Option<bool> {
    let words = ["true", "vrai", "oui", "yes", "false", "faux", "non", "no"];
    let place = words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let short = || match text {
        "1" | "O" | "o" => Some(true),
        "0" | "N" | "n" => Some(false),
        _ => None,
    };
    place.map(|place| place < 4).or_else(short)
}

/// A time of day without a date: `14:05`, `14:05:09`, `14h05`.
fn is_clock(text: &str) -> bool {
    let mut parts = text.split([':', 'h', 'H']);
    let mut within = |limit: u8, least: usize| {
        parts.next().is_some_and(|part| {
            (least..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|number| number < limit)
        })
    };
    within(25, 1) && within(60, 2) && (text.len() <= 5 || within(61, 2)) && parts.next().is_none()
}

/// What statistics and spreadsheets write where they say nothing.
fn is_mark(text: &str) -> bool {
    const MARKS: [&str; 22] = [
        "S", "s", "nd", "ND", "n.d.", "N.D.", "NC", "nc", "n.c.", "NA", "N/A", "n/a", "NaN", "-", "--",
        "---", "*", "**", "***", "?", "…", "...",
    ];
    let below = || text.strip_prefix(['<', '>', '≤', '≥']).is_some_and(|rest| numbers::read(rest).is_some());
    MARKS.contains(&text) || below()
}
