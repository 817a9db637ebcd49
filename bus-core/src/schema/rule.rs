use super::{KnownFormat, formats};
use crate::{
    Message, msg, nearest, numbers,
    record::{BatchBuilder, Number, Precision, Timestamp, Value},
    time::{DatePattern, Hints, parse_any},
};
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The type a field should have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// # Any
    ///
    /// Whatever comes.
    #[default]
    Any,
    /// # Text
    Text,
    /// # Whole number
    Integer,
    /// # Number
    ///
    /// A number, whole or not; text such as `1 234,5` too.
    Number,
    /// # Yes or no
    ///
    /// True or false, also as `oui`, `non`, `vrai`, `faux`, `1`, `0`.
    Boolean,
    /// # Date
    ///
    /// A day without time.
    Date,
    /// # Time
    ///
    /// A date with the time of day.
    Time,
    /// # Year
    Year,
    /// # Position
    ///
    /// Longitude and latitude, as a list or as text such as `[2.35, 48.85]`.
    Position,
    /// # List
    List,
    /// # Object
    Object,
}

/// What a field must keep.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Whether it must have a value.
    pub required: bool,
    /// Its type.
    pub kind: Kind,
    /// The form of its text.
    pub format: Option<KnownFormat>,
    /// The smallest number.
    pub minimum: Option<String>,
    /// The largest number.
    pub maximum: Option<String>,
    /// The first date or time.
    pub earliest: Option<Timestamp>,
    /// The last date or time.
    pub latest: Option<Timestamp>,
    /// The pattern that the whole text matches.
    pub pattern: Option<Regex>,
    /// The values there may be; empty for any.
    pub values: Vec<String>,
    /// The fewest characters or items.
    pub min_length: Option<usize>,
    /// The most characters or items.
    pub max_length: Option<usize>,
    /// The texts that mean *true*; with `false_values` empty too, those of both languages.
    pub true_values: Vec<String>,
    /// The texts that mean *false*.
    pub false_values: Vec<String>,
    /// The forms of dates; empty for all that are understood.
    pub dates: Vec<DatePattern>,
    /// Texts that stand for no value, beside the empty one.
    pub missing: Vec<String>,
}

/// A value that keeps its rule, in its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked<'a> {
    /// As it was.
    Same(Value<'a>),
    /// There is none.
    Missing,
    /// True or false.
    Bool(bool),
    /// A number in JSON's grammar.
    Number(String),
    /// Text.
    Text(String),
    /// A date or time.
    Time(Timestamp),
    /// Longitude and latitude, in JSON's grammar.
    Position([String; 2]),
}

impl Checked<'_> {
    /// Writes the value.
    pub fn write(&self, out: &mut BatchBuilder) {
        match self {
            Self::Same(value) => out.copy(*value),
            Self::Missing => out.null(),
            Self::Bool(value) => out.bool(*value),
            Self::Number(text) => write_number(text, out),
            Self::Text(text) => out.text(text),
            Self::Time(time) => out.time(*time),
            Self::Position(numbers) => {
                out.begin_list();
                numbers.iter().for_each(|number| write_number(number, out));
                out.end();
            }
        }
    }
}

fn write_number(text: &str, out: &mut BatchBuilder) {
    match text.parse() {
        Ok(int) => out.int(int),
        Err(_) => out.decimal(text),
    }
}

impl Rule {
    /// The value in its type if it keeps the rule; what is wrong otherwise. Masked values are let through.
    ///
    /// # Errors
    /// What is wrong, without the name of the field.
    pub fn check<'a>(&self, value: Option<Value<'a>>) -> Result<Checked<'a>, Message> {
        let value = match value {
            Some(value) if !self.is_missing(value) => value,
            _ if self.required => return Err(msg!("a value is required")),
            _ => return Ok(Checked::Missing),
        };
        if let Value::Masked(_) = value {
            return Ok(Checked::Same(value));
        }
        let typed = self.typed(value)?;
        self.check_text(value, &typed)?;
        self.check_range(&typed)?;
        self.check_length(value)?;
        Ok(typed)
    }

    fn is_missing(&self, value: Value<'_>) -> bool {
        match value {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty() || self.missing.iter().any(|missing| missing == text),
            _ => false,
        }
    }

    /// The value in the type of the rule.
    fn typed<'a>(&self, value: Value<'a>) -> Result<Checked<'a>, Message> {
        let wrong = |name: Message| {
            let text = shown(value);
            msg!("`{value}` is no {type}", value = text, type = name)
        };
        let found = match (self.kind, value) {
            (Kind::Any, _)
            | (Kind::Text, Value::Text(_))
            | (Kind::List, Value::List(_))
            | (Kind::Object, Value::Object(_)) => Some(Checked::Same(value)),
            (Kind::Text, Value::List(_) | Value::Object(_) | Value::Bytes(_)) => None,
            (Kind::Text, _) => plain(value).map(Checked::Text),
            (Kind::Integer, _) => number(value).filter(|text| is_whole(text)).map(Checked::Number),
            (Kind::Number, _) => number(value).map(Checked::Number),
            (Kind::Boolean, _) => self.boolean(value).map(Checked::Bool),
            (Kind::Date, _) => self.time(value).filter(|time| time.is_date()).map(Checked::Time),
            (Kind::Time, _) => self.time(value).filter(|time| !time.is_date()).map(Checked::Time),
            (Kind::Year, _) => number(value)
                .filter(|text| text.parse().is_ok_and(|year: i32| (0..=9999).contains(&year)))
                .map(Checked::Number),
            (Kind::Position, _) => position(value).map(Checked::Position),
            // tables hold lists and objects as JSON text
            (Kind::List, Value::Text(text)) => is_json(text, '[').then_some(Checked::Same(value)),
            (Kind::Object, Value::Text(text)) => is_json(text, '{').then_some(Checked::Same(value)),
            (Kind::List | Kind::Object, _) => None,
        };
        found.ok_or_else(|| match self.kind {
            Kind::Date | Kind::Time if !self.dates.is_empty() => self.not_written_so(value),
            Kind::Any => wrong(msg!("value")),
            Kind::Text => wrong(msg!("text")),
            Kind::Integer => wrong(msg!("whole number")),
            Kind::Number => wrong(msg!("number")),
            Kind::Boolean => msg!("`{value}` is neither true nor false", value = shown(value)),
            Kind::Date => wrong(msg!("date")),
            Kind::Time => wrong(msg!("date with a time of day")),
            Kind::Year => wrong(msg!("year")),
            Kind::Position => wrong(msg!("position (longitude, latitude)")),
            Kind::List => wrong(msg!("list")),
            Kind::Object => wrong(msg!("object")),
        })
    }

    fn not_written_so(&self, value: Value<'_>) -> Message {
        let pattern = self.dates.first().map(DatePattern::as_str).unwrap_or_default();
        msg!("`{value}` is not written as `{pattern}`", value = shown(value), pattern = pattern)
    }

    fn boolean(&self, value: Value<'_>) -> Option<bool> {
        if let Value::Bool(value) = value {
            return Some(value);
        }
        let text = plain(value)?;
        let text = text.trim();
        if self.true_values.is_empty() && self.false_values.is_empty() {
            return read_boolean(text);
        }
        let is_in = |values: &[String]| values.iter().any(|known| known == text);
        if is_in(&self.true_values) { Some(true) } else { is_in(&self.false_values).then_some(false) }
    }

    fn time(&self, value: Value<'_>) -> Option<Timestamp> {
        let text = match value {
            Value::Time(time) if self.kind == Kind::Date && is_midnight(time) => return Some(day_of(time)),
            Value::Time(time) => return Some(time),
            Value::Text(text) => text.trim(),
            _ => return None,
        };
        if self.dates.is_empty() {
            return parse_any(text, &Hints::default());
        }
        self.dates.iter().find_map(|pattern| pattern.read(text))
    }

    fn check_text(&self, value: Value<'_>, typed: &Checked<'_>) -> Result<(), Message> {
        let Some(text) = plain(value) else { return Ok(()) };
        if let Some(format) = self.format
            && !format.holds(text.trim())
        {
            let name = Message::new(format.title(), Vec::new());
            return Err(msg!("`{value}` is not of the form: {form}", value = shown(value), form = name));
        }
        if let Some(pattern) = &self.pattern
            && !pattern.is_match(&text)
        {
            let asked = pattern.as_str().strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
            let asked = asked.unwrap_or(pattern.as_str());
            return Err(msg!(
                "`{value}` does not match the pattern `{pattern}`",
                value = shown(value),
                pattern = asked
            ));
        }
        let same_number = |known: &str| match typed {
            Checked::Number(number) => numbers::read(known)
                .is_some_and(|known| Number::Decimal(&known).compare(Number::Decimal(number)).is_eq()),
            _ => false,
        };
        if self.values.is_empty() || self.values.iter().any(|known| *known == text || same_number(known)) {
            return Ok(());
        }
        Err(match nearest::nearest(&text, self.values.iter().map(String::as_str)) {
            Some(near) => {
                msg!("`{value}` is not one of the values; is `{near}` meant?", value = text, near = near)
            }
            None => {
                let some: Vec<_> = self.values.iter().take(8).map(|value| format!("`{value}`")).collect();
                let more = if self.values.len() > some.len() { ", …" } else { "" };
                let values = format!("{}{more}", some.join(", "));
                msg!("`{value}` is not one of the values {values}", value = shown(value), values = values)
            }
        })
    }

    fn check_range(&self, typed: &Checked<'_>) -> Result<(), Message> {
        match typed {
            Checked::Number(text) => self.check_number(Number::Decimal(text)),
            Checked::Time(time) => self.check_time(*time),
            Checked::Same(Value::Time(time)) => self.check_time(*time),
            Checked::Same(value) => value.as_number().map_or(Ok(()), |number| self.check_number(number)),
            Checked::Missing | Checked::Bool(_) | Checked::Text(_) | Checked::Position(_) => Ok(()),
        }
    }

    fn check_number(&self, number: Number<'_>) -> Result<(), Message> {
        let mut text = String::new();
        number.write(&mut text);
        if let Some(minimum) = &self.minimum
            && number.compare(Number::Decimal(minimum)).is_lt()
        {
            return Err(msg!("{value} is less than {limit}", value = text, limit = minimum));
        }
        if let Some(maximum) = &self.maximum
            && number.compare(Number::Decimal(maximum)).is_gt()
        {
            return Err(msg!("{value} is more than {limit}", value = text, limit = maximum));
        }
        Ok(())
    }

    fn check_time(&self, time: Timestamp) -> Result<(), Message> {
        if let Some(limit) = self.earliest
            && time < limit
        {
            return Err(msg!(
                "{value} is before {limit}",
                value = time.to_string(),
                limit = limit.to_string()
            ));
        }
        if let Some(limit) = self.latest
            && time > limit
        {
            return Err(msg!(
                "{value} is after {limit}",
                value = time.to_string(),
                limit = limit.to_string()
            ));
        }
        Ok(())
    }

    fn check_length(&self, value: Value<'_>) -> Result<(), Message> {
        if self.min_length.is_none() && self.max_length.is_none() {
            return Ok(());
        }
        let length = match value {
            Value::List(list) => list.len(),
            _ => plain(value).map_or(0, |text| text.chars().count()),
        };
        if let Some(limit) = self.min_length
            && length < limit
        {
            return Err(msg!("it is {length} long, shorter than {limit}", length = length, limit = limit));
        }
        if let Some(limit) = self.max_length
            && length > limit
        {
            return Err(msg!("it is {length} long, longer than {limit}", length = length, limit = limit));
        }
        Ok(())
    }
}

/// The boolean a word of either language says.
#[must_use]
pub(crate) fn read_boolean(text: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 14] = [
        ("true", true),
        ("false", false),
        ("vrai", true),
        ("faux", false),
        ("oui", true),
        ("non", false),
        ("yes", true),
        ("no", false),
        ("1", true),
        ("0", false),
        ("o", true),
        ("n", false),
        ("y", true),
        ("x", true),
    ];
    WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn plain(value: Value<'_>) -> Option<String> {
    let mut text = String::new();
    value.write_plain(&mut text).then_some(text)
}

/// A value for a message: not longer than a line.
fn shown(value: Value<'_>) -> String {
    let Some(text) = plain(value) else { return value.kind().to_owned() };
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(59).chain(['…']).collect()
}

fn number(value: Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => numbers::read(text),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => plain(value),
        _ => None,
    }
}

fn is_json(text: &str, opening: char) -> bool {
    text.trim_start().starts_with(opening) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn is_whole(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

/// Longitude and latitude, in range.
fn position(value: Value<'_>) -> Option<[String; 2]> {
    let checked = |lon: String, lat: String| {
        (formats::within(&lon, 180.0) && formats::within(&lat, 90.0)).then_some([lon, lat])
    };
    match value {
        Value::Text(text) => formats::lon_lat(text).map(|[lon, lat]| [lon.to_owned(), lat.to_owned()]),
        Value::List(list) if (2..=3).contains(&list.len()) => {
            checked(number(list.get(0)?)?, number(list.get(1)?)?)
        }
        Value::Object(object) => {
            let field = |names: &[&str]| names.iter().find_map(|name| number(object.get(name)?));
            checked(field(&["lon", "lng", "longitude"])?, field(&["lat", "latitude"])?)
        }
        _ => None,
    }
}

fn is_midnight(time: Timestamp) -> bool {
    let at = time.civil();
    at.hour() == 0 && at.minute() == 0 && at.second() == 0 && at.subsec_nanosecond() == 0
}

fn day_of(time: Timestamp) -> Timestamp {
    let local = time.micros() + i64::from(time.offset().unwrap_or(0)) * 60_000_000;
    Timestamp::local(local, Precision::Day)
}
