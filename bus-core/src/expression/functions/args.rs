use crate::{
    Message,
    expression::{
        duration::Duration,
        error::Fail,
        eval::whole_index,
        kept::Kept,
        ops::kind_message,
        program::Node,
        regexes::Pattern,
        value::{Entries, Fuel, Items, Type, Val},
    },
    message::Language,
    msg,
    record::Timestamp,
    time::{DatePattern, Slot, Zone},
};
use regex::Regex;
use std::{borrow::Cow, sync::Arc};

/// The values a function was called with.
pub(in crate::expression) struct Args<'r, 'a> {
    pub(in crate::expression) values: &'r mut [Val<'a>],
    pub(in crate::expression) nodes: &'a [Node],
    pub(in crate::expression) names: &'a [Box<str>],
    pub(in crate::expression) fuel: &'r mut Fuel,
    pub(in crate::expression) kept: &'r mut Kept,
    pub(in crate::expression) regex: Option<&'a Regex>,
}

impl<'a> Args<'_, 'a> {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a value was given at `place`, and is not null.
    pub(super) fn given(&self, place: usize) -> bool {
        self.values.get(place).is_some_and(|value| !matches!(value, Val::Null))
    }

    pub(super) fn get(&self, place: usize) -> &Val<'a> {
        self.values.get(place).unwrap_or(&Val::Null)
    }

    /// Takes the value away: for those that are returned or changed.
    pub(super) fn take(&mut self, place: usize) -> Val<'a> {
        self.values.get_mut(place).map_or(Val::Null, |value| std::mem::replace(value, Val::Null))
    }

    /// The value is not of the kind that is needed there.
    #[cold]
    pub(super) fn wrong(&self, place: usize, needed: Message) -> Fail {
        let kind = self.get(place).kind();
        let fail = match kind {
            Type::Null => Fail::null(msg!("{needed} is needed here; this is null", needed = needed)),
            kind => {
                msg!("{needed} is needed here; this is {kind}", needed = needed, kind = kind_message(kind))
                    .into()
            }
        };
        self.blame(place, fail)
    }

    /// Says that the value at `place` is to blame.
    #[cold]
    pub(super) fn blame(&self, place: usize, fail: impl Into<Fail>) -> Fail {
        let fail = fail.into();
        match self.nodes.get(place) {
            Some(node) => fail.at(node.span).of_field(node.path(self.names).as_deref()),
            None => fail,
        }
    }

    /// Text; its length is paid for.
    pub(super) fn str(&mut self, place: usize) -> Result<&str, Fail> {
        if let Val::Text(text) = self.get(place) {
            let len = text.len();
            self.fuel.bytes(len)?;
        }
        match self.get(place) {
            Val::Text(text) => Ok(text),
            _ => Err(self.wrong(place, msg!("a text"))),
        }
    }

    /// Text, taken away; its length is paid for.
    pub(super) fn text(&mut self, place: usize) -> Result<Cow<'a, str>, Fail> {
        match self.take(place) {
            Val::Text(text) => {
                self.fuel.bytes(text.len())?;
                Ok(text)
            }
            other => {
                if let Some(value) = self.values.get_mut(place) {
                    *value = other;
                }
                Err(self.wrong(place, msg!("a text")))
            }
        }
    }

    pub(super) fn int(&self, place: usize) -> Result<i64, Fail> {
        match self.get(place) {
            Val::Int(int) => Ok(*int),
            other @ (Val::Uint(_) | Val::Double(_) | Val::Decimal(_)) => {
                whole_index(other).map_err(|_| self.wrong(place, msg!("a whole number")))
            }
            _ => Err(self.wrong(place, msg!("a whole number"))),
        }
    }

    /// A number of items or letters: not negative.
    pub(super) fn count(&self, place: usize) -> Result<usize, Fail> {
        let int = self.int(place)?;
        usize::try_from(int).map_err(|_| {
            self.blame(place, msg!("{number} is negative: a number from 0 is needed here", number = int))
        })
    }

    pub(super) fn f64(&self, place: usize) -> Result<f64, Fail> {
        self.get(place).as_f64().ok_or_else(|| self.wrong(place, msg!("a number")))
    }

    pub(super) fn items(&mut self, place: usize) -> Result<Items<'a>, Fail> {
        let items = match self.get(place) {
            Val::List(items) => items.clone(),
            _ => return Err(self.wrong(place, msg!("a list"))),
        };
        self.fuel.items(items.len())?;
        Ok(items)
    }

    pub(super) fn entries(&mut self, place: usize) -> Result<Entries<'a>, Fail> {
        let entries = match self.get(place) {
            Val::Map(entries) => entries.clone(),
            _ => return Err(self.wrong(place, msg!("an object"))),
        };
        self.fuel.items(entries.len())?;
        Ok(entries)
    }

    /// A time; ISO text is read as one.
    pub(super) fn time(&self, place: usize) -> Result<Timestamp, Fail> {
        match self.get(place) {
            Val::Time(time) => Ok(*time),
            Val::Text(text) => Timestamp::parse(text.trim()).ok_or_else(|| {
                let message = msg!(
                    "`{text}` is no time of the form 2026-03-28T00:10:00Z: read it with parse_date(…)",
                    text = &**text
                );
                self.blame(place, message)
            }),
            _ => Err(self.wrong(place, msg!("a time"))),
        }
    }

    /// A time zone by its name.
    pub(super) fn zone(&mut self, place: usize) -> Result<Arc<Zone>, Fail> {
        let zone = match self.values.get(place) {
            Some(Val::Text(name)) => self.kept.zone(name, self.fuel),
            _ => return Err(self.wrong(place, msg!("a text"))),
        };
        zone.map_err(|fail| self.blame(place, fail))
    }

    /// A pattern of dates.
    pub(super) fn date_pattern(&mut self, place: usize) -> Result<Arc<DatePattern>, Fail> {
        let pattern = match self.values.get(place) {
            Some(Val::Text(pattern)) => self.kept.date(pattern, self.fuel),
            _ => return Err(self.wrong(place, msg!("a text"))),
        };
        pattern.map_err(|fail| self.blame(place, fail))
    }

    /// A stretch of the calendar, such as `day` or `15min`.
    pub(super) fn slot(&mut self, place: usize) -> Result<Arc<Slot>, Fail> {
        let slot = match self.values.get(place) {
            Some(Val::Text(text)) => self.kept.slot(text, self.fuel),
            _ => return Err(self.wrong(place, msg!("a text"))),
        };
        slot.map_err(|fail| self.blame(place, fail))
    }

    /// The language of an optional argument; French is the usual one.
    pub(super) fn language(&mut self, place: usize) -> Result<Language, Fail> {
        if !self.given(place) {
            return Ok(Language::Fr);
        }
        let language = Language::of_tag(self.str(place)?);
        language.ok_or_else(|| self.blame(place, msg!("the languages are fr and en")))
    }

    pub(super) fn duration(&self, place: usize) -> Result<Duration, Fail> {
        match self.get(place) {
            Val::Duration(duration) => Ok(*duration),
            Val::Text(text) => Duration::parse(text.trim()).ok_or_else(|| {
                let message = msg!("`{text}` is no duration such as 1h30m or 90s", text = &**text);
                self.blame(place, message)
            }),
            _ => Err(self.wrong(place, msg!("a duration"))),
        }
    }

    /// The pattern at `place`: compiled with the expression where it is constant.
    pub(super) fn regex(&mut self, place: usize) -> Result<Pattern<'a>, Fail> {
        if let Some(regex) = self.regex {
            return Ok(Pattern::Constant(regex));
        }
        let pattern = match self.values.get(place) {
            Some(Val::Text(pattern)) => self.kept.regex(pattern, self.fuel),
            _ => return Err(self.wrong(place, msg!("a text"))),
        };
        pattern.map(Pattern::Kept).map_err(|fail| self.blame(place, fail))
    }

    /// A text that was made: pays for it.
    pub(super) fn made(&mut self, text: String) -> Result<Val<'a>, Fail> {
        self.fuel.bytes(text.len())?;
        Ok(Val::text(text))
    }
}
