//! What a date pattern is made of, and how it is written.

use crate::{Message, msg};

/// One piece of a date pattern. The numbers are how many digits are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::time) enum Item {
    Literal(String),
    Year,
    ShortYear,
    WeekYear,
    Month(u8),
    MonthName {
        short: bool,
    },
    Day(u8),
    DayOfYear(u8),
    Week(u8),
    /// 1 is Monday.
    Weekday,
    WeekdayName {
        short: bool,
    },
    Hour(u8),
    Hour12(u8),
    Afternoon,
    Minute(u8),
    Second(u8),
    Fraction(u8),
    Offset(OffsetForm),
    ZoneName,
    UnixSeconds,
    UnixMilliseconds,
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::time) struct OffsetForm {
    /// `Z` for UTC.
    pub(in crate::time) zulu: bool,
    pub(in crate::time) minutes: bool,
    pub(in crate::time) colon: bool,
}

impl Item {
    /// Whether it is written in digits.
    pub(in crate::time) const fn is_number(&self) -> bool {
        !matches!(
            self,
            Self::Literal(_)
                | Self::MonthName { .. }
                | Self::WeekdayName { .. }
                | Self::Afternoon
                | Self::Offset(_)
                | Self::ZoneName
        )
    }
}

/// The pattern in its main form.
pub(in crate::time) fn to_text(items: &[Item]) -> String {
    let mut out = String::new();
    for item in items {
        match item {
            Item::Literal(text) => quote(text, &mut out),
            Item::Year => out.push_str("yyyy"),
            Item::ShortYear => out.push_str("yy"),
            Item::WeekYear => out.push_str("YYYY"),
            Item::Month(width) => repeat('M', *width, &mut out),
            Item::MonthName { short } => out.push_str(if *short { "MMM" } else { "MMMM" }),
            Item::Day(width) => repeat('d', *width, &mut out),
            Item::DayOfYear(width) => repeat('D', *width, &mut out),
            Item::Week(width) => repeat('w', *width, &mut out),
            Item::Weekday => out.push('e'),
            Item::WeekdayName { short } => out.push_str(if *short { "EEE" } else { "EEEE" }),
            Item::Hour(width) => repeat('H', *width, &mut out),
            Item::Hour12(width) => repeat('h', *width, &mut out),
            Item::Afternoon => out.push('a'),
            Item::Minute(width) => repeat('m', *width, &mut out),
            Item::Second(width) => repeat('s', *width, &mut out),
            Item::Fraction(width) => repeat('S', *width, &mut out),
            Item::Offset(form) => {
                let letter = if form.zulu { 'X' } else { 'x' };
                repeat(
                    letter,
                    if !form.minutes {
                        1
                    } else if form.colon {
                        3
                    } else {
                        2
                    },
                    &mut out,
                );
            }
            Item::ZoneName => out.push_str("VV"),
            Item::UnixSeconds => out.push_str("%s"),
            Item::UnixMilliseconds => out.push_str("%Q"),
        }
    }
    out
}

fn repeat(letter: char, count: u8, out: &mut String) {
    out.extend(std::iter::repeat_n(letter, usize::from(count)));
}

fn quote(text: &str, out: &mut String) {
    let inner = text.trim();
    if !inner.chars().any(|char| char.is_alphabetic() || matches!(char, '\'' | '%')) {
        return out.push_str(text);
    }
    let (before, after) = text.split_once(inner).unwrap_or_default();
    out.push_str(before);
    out.push('\'');
    out.push_str(&inner.replace('\'', "''"));
    out.push('\'');
    out.push_str(after);
}

/// Reads a pattern of either form.
pub(in crate::time) fn from_text(text: &str) -> Result<Vec<Item>, Message> {
    if text.trim().is_empty() {
        return Err(msg!("a date pattern is missing; write one such as `dd/MM/yyyy HH:mm`"));
    }
    let items = if text.contains('%') { strftime(text)? } else { letters(&anglicised(text))? };
    if items.iter().all(|item| matches!(item, Item::Literal(_))) {
        return Err(msg!(
            "`{pattern}` names no part of a date; write for example `dd/MM/yyyy HH:mm`",
            pattern = text
        ));
    }
    Ok(merge_literals(items))
}

fn merge_literals(items: Vec<Item>) -> Vec<Item> {
    let mut merged: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        match (merged.last_mut(), item) {
            (Some(Item::Literal(before)), Item::Literal(text)) => before.push_str(&text),
            (_, item) => merged.push(item),
        }
    }
    merged
}

/// `jj/mm/aaaa hh:mm`, as French spreadsheets write it, in the letters of CLDR.
fn anglicised(text: &str) -> String {
    let small = text.to_lowercase();
    if !(small.contains("jj") || small.contains("aaaa")) || text.contains('\'') {
        return text.to_owned();
    }
    let mut clock = false;
    let mut out = String::with_capacity(text.len());
    for char in small.chars() {
        match char {
            'j' => out.push('d'),
            'a' => out.push('y'),
            'h' => {
                clock = true;
                out.push('H');
            }
            'm' if !clock => out.push('M'),
            other => out.push(other),
        }
    }
    out
}

/// Runs of letters of CLDR, text in quotes.
fn letters(text: &str) -> Result<Vec<Item>, Message> {
    let calendar_year = !text.contains('w');
    let mut items = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix('\'') {
            let (literal, after) = quoted(after).ok_or_else(|| {
                msg!("the date pattern `{pattern}` has a quote that is not closed", pattern = text)
            })?;
            items.push(Item::Literal(literal));
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let count = rest.chars().take_while(|char| *char == first).count();
            let (run, after) = rest.split_at(count);
            let item = letter(first, count, calendar_year, text.contains('M'));
            items.push(item.ok_or_else(|| {
                msg!(
                    "`{part}` in the date pattern `{pattern}` is unknown; write text between single quotes, as in `HH'h'mm`",
                    part = run,
                    pattern = text
                )
            })?);
            rest = after;
        } else {
            items.push(Item::Literal(first.to_string()));
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    if items.iter().any(|item| matches!(item, Item::Hour(_)))
        && items.iter().any(|item| matches!(item, Item::Hour12(_)))
    {
        return Err(msg!(
            "the date pattern `{pattern}` has two hours, `H` and `h`; write text between single quotes, as in `HH'h'mm`",
            pattern = text
        ));
    }
    Ok(items)
}

/// The text up to the closing quote (two quotes stand for one), and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    if let Some(after) = text.strip_prefix('\'') {
        return Some(("'".to_owned(), after));
    }
    let mut literal = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        literal.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => {
                literal.push('\'');
                rest = after;
            }
            None => return Some((literal, after)),
        }
    }
}

fn letter(letter: char, count: usize, calendar_year: bool, has_month: bool) -> Option<Item> {
    let width = u8::try_from(count).ok()?;
    Some(match (letter, count) {
        ('y' | 'u', 2) => Item::ShortYear,
        ('y' | 'u', 1 | 4) => Item::Year,
        ('Y', 2) if calendar_year => Item::ShortYear,
        ('Y', 1 | 4) if calendar_year => Item::Year,
        ('Y', 4) => Item::WeekYear,
        ('M' | 'L', 1 | 2) => Item::Month(width),
        ('M' | 'L', 3) => Item::MonthName { short: true },
        ('M' | 'L', 4) => Item::MonthName { short: false },
        ('d', 1 | 2) => Item::Day(width),
        ('D', 1 | 2) if has_month => Item::Day(width),
        ('D', 1..=3) => Item::DayOfYear(width),
        ('w', 1 | 2) => Item::Week(width),
        ('e' | 'c', 1) => Item::Weekday,
        ('E', 1..=3) => Item::WeekdayName { short: true },
        ('E', 4) => Item::WeekdayName { short: false },
        ('H', 1 | 2) => Item::Hour(width),
        ('h', 1 | 2) => Item::Hour12(width),
        ('a' | 'A', 1) => Item::Afternoon,
        ('m', 1 | 2) => Item::Minute(width),
        ('s', 1 | 2) => Item::Second(width),
        ('S', 1..=9) => Item::Fraction(width),
        ('X', 1) => Item::Offset(OffsetForm { zulu: true, minutes: false, colon: false }),
        ('X', 2) => Item::Offset(OffsetForm { zulu: true, minutes: true, colon: false }),
        ('X', 3) => Item::Offset(OffsetForm { zulu: true, minutes: true, colon: true }),
        ('x', 1) => Item::Offset(OffsetForm { zulu: false, minutes: false, colon: false }),
        ('x', 2) | ('Z', 1..=3) => Item::Offset(OffsetForm { zulu: false, minutes: true, colon: false }),
        ('x', 3) => Item::Offset(OffsetForm { zulu: false, minutes: true, colon: true }),
        ('Z', 5) => Item::Offset(OffsetForm { zulu: true, minutes: true, colon: true }),
        ('V', 2) => Item::ZoneName,
        ('T', 1) => Item::Literal("T".to_owned()),
        _ => return None,
    })
}

/// A pattern in the form of C's `strftime`.
fn strftime(text: &str) -> Result<Vec<Item>, Message> {
    let mut items = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        if !before.is_empty() {
            items.push(Item::Literal(before.to_owned()));
        }
        let bare = after.trim_start_matches(['-', '_', '0', '.', ':', '3', '6', '9', '#', 'E', 'O']);
        let flags = after.get(..after.len() - bare.len()).unwrap_or_default();
        let unknown = || {
            let part: String = after.chars().take(flags.chars().count() + 1).collect();
            msg!("`%{part}` in the date pattern `{pattern}` is unknown", part = part, pattern = text)
        };
        let conversion = bare.chars().next().ok_or_else(unknown)?;
        if flags.starts_with('.') {
            items.push(Item::Literal(".".to_owned()));
        }
        directive(conversion, flags, &mut items).ok_or_else(unknown)?;
        rest = bare.get(conversion.len_utf8()..).unwrap_or_default();
    }
    if !rest.is_empty() {
        items.push(Item::Literal(rest.to_owned()));
    }
    Ok(items)
}

fn directive(conversion: char, flags: &str, items: &mut Vec<Item>) -> Option<()> {
    let width = if flags.contains(['-', '#']) { 1 } else { 2 };
    let digits = flags.chars().filter_map(|flag| flag.to_digit(10)).find(|digit| *digit > 0);
    let fraction =
        |usual: u8| Item::Fraction(digits.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(usual));
    let text = |text: &str| Item::Literal(text.to_owned());
    items.push(match conversion {
        'Y' => Item::Year,
        'y' => Item::ShortYear,
        'G' => Item::WeekYear,
        'm' => Item::Month(width),
        'b' | 'h' => Item::MonthName { short: true },
        'B' => Item::MonthName { short: false },
        'd' => Item::Day(width),
        'e' => Item::Day(1),
        'j' => Item::DayOfYear(if width == 1 { 1 } else { 3 }),
        'V' => Item::Week(width),
        'u' => Item::Weekday,
        'a' => Item::WeekdayName { short: true },
        'A' => Item::WeekdayName { short: false },
        'H' => Item::Hour(width),
        'k' => Item::Hour(1),
        'I' => Item::Hour12(width),
        'l' => Item::Hour12(1),
        'p' | 'P' => Item::Afternoon,
        'M' => Item::Minute(width),
        'S' => Item::Second(width),
        'f' => fraction(6),
        'L' => fraction(3),
        'N' => fraction(9),
        'z' => Item::Offset(OffsetForm { zulu: false, minutes: true, colon: flags.contains(':') }),
        'Z' | 'Q' if flags.contains(':') => return None,
        'Z' => Item::ZoneName,
        's' => Item::UnixSeconds,
        'Q' => Item::UnixMilliseconds,
        'T' => return expand("%H:%M:%S", items),
        'R' => return expand("%H:%M", items),
        'F' => return expand("%Y-%m-%d", items),
        'D' => return expand("%m/%d/%y", items),
        '%' => text("%"),
        'n' | 't' => text(" "),
        _ => return None,
    });
    Some(())
}

fn expand(pattern: &str, items: &mut Vec<Item>) -> Option<()> {
    items.extend(strftime(pattern).ok()?);
    Some(())
}
