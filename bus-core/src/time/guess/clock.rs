//! What follows a date: the time of day, the zone.

use super::{Guess, abbreviation_offset, read_offset};
use crate::time::{
    Zone,
    pattern::{Item, OffsetForm, read_fraction},
};

impl Guess<'_> {
    pub(super) fn clock(&mut self) -> Option<()> {
        if !(self.literal_if("T") || self.literal_if("t") || self.literal_if("_")) {
            self.literal_if(",");
            self.spaces(false)?;
            let word = self.word_ahead();
            if matches!(word, "à" | "a" | "at" | "À") || self.cursor.rest.starts_with("- ") {
                let word = if word.is_empty() { "-" } else { word };
                self.skip_word(word);
                self.items.push(Item::Literal(word.to_owned()));
                self.spaces(true)?;
            }
        }
        if self.digits_ahead() > 2 {
            let year_only = self.parts.year.is_none() && self.digits_ahead() == 4;
            return if year_only { self.year() } else { self.compact_time() };
        }
        self.hour_and_rest()?;
        self.meridian()?;
        if self.cursor.rest.is_empty() { Some(()) } else { self.zone() }
    }

    fn compact_time(&mut self) -> Option<()> {
        self.compact_clock()?;
        if self.cursor.rest.is_empty() { Some(()) } else { self.zone() }
    }

    fn hour_and_rest(&mut self) -> Option<()> {
        self.parts.hour = Some(i8::try_from(self.cursor.number(1, 2)?).ok()?);
        self.items.push(Item::Hour(2));
        if self.literal_if(":") {
            self.minute()?;
            if self.literal_if(":") {
                self.second()?;
                if self.literal_if(".") || self.literal_if(",") {
                    self.fraction()?;
                }
            }
            return Some(());
        }
        let before = (self.cursor.rest, self.items.len());
        self.spaces(false)?;
        let word = self.word_ahead();
        if !matches!(word, "h" | "H") {
            (self.cursor.rest, _) = before;
            self.items.truncate(before.1);
            // only `2 pm` says an hour alone
            return matches!(word.to_ascii_lowercase().as_str(), "am" | "pm" | "a" | "p").then_some(());
        }
        self.skip_word(word);
        self.items.push(Item::Literal(word.to_owned()));
        self.french_minutes()
    }

    /// What follows `14h`: `05`, ` 05`, `05m09s`, `05 min`, or nothing.
    fn french_minutes(&mut self) -> Option<()> {
        let rest = self.cursor.rest.trim_start();
        if !rest.starts_with(|char: char| char.is_ascii_digit()) {
            self.parts.minute = Some(0);
            return Some(());
        }
        self.spaces(false)?;
        self.minute()?;
        for sign in ["min", "mn", "m", "'", ":"] {
            if self.literal_if(sign) {
                if self.cursor.rest.starts_with(|char: char| char.is_ascii_digit()) {
                    self.second()?;
                    if !self.literal_if("s") {
                        self.literal_if("\"");
                    }
                }
                break;
            }
        }
        Some(())
    }

    fn minute(&mut self) -> Option<()> {
        self.parts.minute = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.items.push(Item::Minute(2));
        Some(())
    }

    fn second(&mut self) -> Option<()> {
        self.parts.second = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.items.push(Item::Second(2));
        Some(())
    }

    /// `AM`, `p.m.`, if it comes next.
    fn meridian(&mut self) -> Option<()> {
        let trimmed = self.cursor.rest.trim_start();
        let end =
            trimmed.find(|char: char| !(char.is_ascii_alphabetic() || char == '.')).unwrap_or(trimmed.len());
        let (word, after) = trimmed.split_at(end);
        let afternoon = match word.to_ascii_lowercase().replace('.', "").as_str() {
            "am" => false,
            "pm" => true,
            _ => return Some(()),
        };
        self.spaces(false)?;
        self.cursor.rest = after;
        self.parts.afternoon = Some(afternoon);
        if let Some(hour) = self.items.iter_mut().find(|item| matches!(item, Item::Hour(_))) {
            *hour = Item::Hour12(1);
        }
        self.items.push(Item::Afternoon);
        Some(())
    }

    /// The zone, then the year where programs print it last, then a comment in parentheses.
    pub(super) fn zone(&mut self) -> Option<()> {
        self.spaces(false)?;
        if self.parts.year.is_none() && self.digits_ahead() == 4 {
            return self.year();
        }
        let bracketed = self.literal_if("[");
        let text = self
            .cursor
            .run(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | ':' | '/' | '_'));
        if let Some(minutes) = read_offset(text) {
            self.parts.offset = Some(minutes);
            let form = OffsetForm {
                zulu: text.ends_with(['Z', 'z']),
                minutes: text.len() > 3 || text.len() == 1,
                colon: text.contains(':') || text.len() == 1,
            };
            self.items.push(Item::Offset(form));
        } else if let Some(minutes) = abbreviation_offset(text) {
            self.parts.offset = Some(minutes);
            self.items.push(Item::Offset(OffsetForm { zulu: true, minutes: true, colon: true }));
        } else {
            let zone: Zone = text.parse().ok()?;
            if self.parts.offset.is_none() {
                self.parts.zone = Some(zone);
            }
            self.items.push(Item::ZoneName);
        }
        if bracketed && !self.literal_if("]") {
            return None;
        }
        match self.cursor.rest.trim_start() {
            "" => {
                self.cursor.rest = "";
                Some(())
            }
            rest if rest.starts_with('(') && rest.ends_with(')') => {
                let comment = std::mem::take(&mut self.cursor.rest);
                self.items.push(Item::Literal(comment.to_owned()));
                Some(())
            }
            rest if self.parts.year.is_none() || (rest.starts_with('[') && !bracketed) => self.zone(),
            _ => None,
        }
    }

    /// `1405`, `140500`, `140500123`, `140500.123`.
    pub(super) fn compact_clock(&mut self) -> Option<()> {
        self.parts.hour = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.parts.minute = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.items.extend([Item::Hour(2), Item::Minute(2)]);
        if self.digits_ahead() >= 2 {
            self.parts.second = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
            self.items.push(Item::Second(2));
            if self.digits_ahead() == 3 || self.literal_if(".") || self.literal_if(",") {
                self.fraction()?;
            }
        }
        Some(())
    }

    fn fraction(&mut self) -> Option<()> {
        let digits = self.cursor.run(|char| char.is_ascii_digit());
        let (nanos, count) = read_fraction(digits)?;
        self.cut |= nanos % 1_000 != 0 || digits.bytes().skip(9).any(|digit| digit != b'0');
        self.parts.fraction = Some((nanos, count));
        self.items.push(Item::Fraction(count.min(9)));
        Some(())
    }
}
