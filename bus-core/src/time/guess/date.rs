//! The date, which comes first.

use super::Guess;
use crate::time::{
    names,
    parts::full_year,
    pattern::{Cursor, Item, is_ordinal},
};

impl Guess<'_> {
    pub(super) fn date(&mut self) -> Option<()> {
        let digits = self.digits_ahead();
        match digits {
            0 => self.words_first(),
            1 | 2 => self.day_first(),
            4 => self.year_first(),
            7 | 8 | 12 | 14 | 17 => self.compact(digits),
            _ => None,
        }
    }

    /// `sam. 28 …`, `le 28 …`, `March 28, 2026`, `Sat Mar 28 …`.
    fn words_first(&mut self) -> Option<()> {
        let word = self.word_ahead();
        if matches!(word, "le" | "Le") {
            self.skip_word(word);
            self.items.push(Item::Literal(word.to_owned()));
            self.spaces(true)?;
            return if self.digits_ahead() > 0 { self.day_first() } else { self.words_first() };
        }
        if self.parts.weekday.is_none()
            && let Some((day, short)) = names::read_weekday(word)
            && !(names::read_month(word).is_some() && self.month_then_day(word))
        {
            self.skip_word(word);
            self.parts.weekday = Some(day);
            self.items.push(Item::WeekdayName { short });
            self.literal_if(".");
            self.literal_if(",");
            self.spaces(true)?;
            return match self.digits_ahead() {
                0 => self.words_first(),
                4 => self.year_first(),
                _ => self.day_first(),
            };
        }
        self.month_name()?;
        self.spaces(true)?;
        if self.digits_ahead() == 4 {
            return self.year();
        }
        self.day()?;
        self.literal_if(",");
        if self.spaces(false).is_some() && self.digits_ahead() == 4 {
            let is_clock = self.cursor.rest.get(4..5) == Some(":");
            if !is_clock {
                return self.year();
            }
        }
        Some(())
    }

    /// `mar 28, 2026` is March; `mar 28 mars 2026` and `mar. 28/03/2026` are a Tuesday.
    fn month_then_day(&self, word: &str) -> bool {
        let rest = self.cursor.rest.get(word.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches(['.', ' ']);
        let after_day = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        let after = after_day.trim_start_matches([',', ' ']);
        let day = rest.len() - after_day.len();
        let next_is_word = names::read_month(Cursor { rest: after }.run(char::is_alphabetic)).is_some();
        let same_sign = after_day.starts_with(['/', '-', '.']);
        (1..=2).contains(&day) && !next_is_word && !same_sign
    }

    fn day_first(&mut self) -> Option<()> {
        let start = self.items.len();
        let first = self.cursor.number(1, 2)?;
        let first_width = if self.cursor.rest.is_empty() { 1 } else { 2 };
        self.items.push(Item::Day(first_width));
        let word = self.word_ahead();
        if is_ordinal(word) {
            self.skip_word(word);
        }
        let separator = self.separator()?;
        if self.digits_ahead() == 0 {
            self.parts.day = Some(i8::try_from(first).ok()?);
            self.set_width(start, 1);
            self.month_name()?;
            self.separator()?;
            return self.year();
        }
        let second = self.cursor.number(1, 2)?;
        let (day, month) = if self.hints.month_first { (second, first) } else { (first, second) };
        self.parts.day = Some(i8::try_from(day).ok()?);
        self.parts.month = Some(i8::try_from(month).ok()?);
        self.ambiguous = day <= 12 && month <= 12 && day != month;
        self.items.push(Item::Month(2));
        if self.hints.month_first {
            let last = self.items.len() - 1;
            self.items.swap(start, last);
        }
        if self.separator()? != separator {
            return None;
        }
        self.year()
    }

    fn set_width(&mut self, place: usize, width: u8) {
        if let Some(Item::Day(known)) = self.items.get_mut(place) {
            *known = width;
        }
    }

    fn year_first(&mut self) -> Option<()> {
        let start = self.cursor.rest;
        let year = self.cursor.number(4, 4)?;
        self.parts.year = Some(year);
        self.items.push(Item::Year);
        if self.cursor.rest.is_empty() {
            return self.hints.partial.then_some(());
        }
        let after = self.cursor.rest.strip_prefix('-').unwrap_or(self.cursor.rest);
        if let Some(week) = after.strip_prefix(['W', 'w']) {
            let hyphen = self.cursor.rest.starts_with('-');
            self.items.clear();
            self.parts.year = None;
            self.cursor.rest = week;
            return self.week(start, year, hyphen);
        }
        self.separator()?;
        match self.digits_ahead() {
            0 => self.month_name()?,
            3 => {
                self.parts.day_of_year = Some(self.cursor.number(3, 3)?);
                self.items.push(Item::DayOfYear(3));
                return Some(());
            }
            _ => {
                self.parts.month = Some(i8::try_from(self.cursor.number(1, 2)?).ok()?);
                self.items.push(Item::Month(2));
            }
        }
        if self.cursor.rest.is_empty() {
            return self.hints.partial.then_some(());
        }
        self.separator()?;
        self.parts.day = Some(i8::try_from(self.cursor.number(1, 2)?).ok()?);
        self.items.push(Item::Day(2));
        Some(())
    }

    /// `2026-W13-6`, from behind its `W`.
    fn week(&mut self, start: &str, year: i16, hyphen: bool) -> Option<()> {
        let sign = if start.contains('w') { "w" } else { "W" };
        self.parts.week_year = Some(year);
        self.parts.week = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.items.push(Item::WeekYear);
        self.items.push(Item::Literal(format!("{}{sign}", if hyphen { "-" } else { "" })));
        self.items.push(Item::Week(2));
        if self.cursor.rest.is_empty() {
            return self.hints.partial.then_some(());
        }
        if self.literal_if("-") != hyphen {
            return None;
        }
        self.parts.weekday = Some(i8::try_from(self.cursor.number(1, 1)?).ok()?);
        self.items.push(Item::Weekday);
        Some(())
    }

    /// `20260328`, `2026087`, `202603281405`, `20260328140500`, `20260328140500123`.
    fn compact(&mut self, digits: usize) -> Option<()> {
        let year = self.cursor.number(4, 4)?;
        if !(1000..=2999).contains(&year) {
            return None;
        }
        self.parts.year = Some(year);
        self.items.push(Item::Year);
        if digits == 7 {
            self.parts.day_of_year = Some(self.cursor.number(3, 3)?);
            self.items.push(Item::DayOfYear(3));
            return Some(());
        }
        self.parts.month = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.parts.day = Some(i8::try_from(self.cursor.number(2, 2)?).ok()?);
        self.items.extend([Item::Month(2), Item::Day(2)]);
        if digits > 8 {
            self.compact_clock()?;
            return if self.cursor.rest.is_empty() { Some(()) } else { self.zone() };
        }
        Some(())
    }

    fn day(&mut self) -> Option<()> {
        self.parts.day = Some(i8::try_from(self.cursor.number(1, 2)?).ok()?);
        self.items.push(Item::Day(1));
        let word = self.word_ahead();
        if is_ordinal(word) {
            self.skip_word(word);
        }
        Some(())
    }

    fn month_name(&mut self) -> Option<()> {
        let word = self.word_ahead();
        let (month, short) = names::read_month(word)?;
        self.skip_word(word);
        if let Some(rest) = self.cursor.rest.strip_prefix('.') {
            self.cursor.rest = rest;
        }
        self.parts.month = Some(month);
        self.items.push(Item::MonthName { short });
        Some(())
    }

    pub(super) fn year(&mut self) -> Option<()> {
        let year = match self.digits_ahead() {
            4 => {
                self.items.push(Item::Year);
                self.cursor.number(4, 4)?
            }
            2 => {
                self.items.push(Item::ShortYear);
                full_year(self.cursor.number(2, 2)?)
            }
            _ => return None,
        };
        self.parts.year = Some(year);
        Some(())
    }

    /// One of `/`, `-`, `.`, or white space, between the parts of a date.
    fn separator(&mut self) -> Option<char> {
        for sign in ['/', '-', '.', '\u{2011}', '\u{2013}', ','] {
            if let Some(rest) = self.cursor.rest.strip_prefix(sign) {
                self.cursor.rest = rest;
                self.items.push(Item::Literal(sign.to_string()));
                return Some(sign);
            }
        }
        self.spaces(true)?;
        Some(' ')
    }
}
