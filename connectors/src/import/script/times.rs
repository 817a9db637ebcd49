//! Dates: `new Date`, dayjs and moment.

use super::{
    Trouble,
    library::{literal, text},
    operators::numeric,
    syntax::Expr,
    write::{Outcome, Writer, no_translation},
    written::{Kind, Level, Written},
};

/// `dayjs()`, `dayjs(value)`, `moment(value, form)`, `new Date(value)`
pub(super) fn time(writer: &mut Writer, arguments: &[Expr], at: usize) -> Outcome {
    match arguments {
        [] => Ok(Written::call("now", Kind::Time).sure()),
        [value] => {
            let value = writer.write(value)?;
            Ok(match value.kind {
                Kind::Time => value,
                Kind::Int | Kind::Real => Written::call(
                    format!("timestamp(int({} / 1000))", numeric(&value).within(Level::Product)),
                    Kind::Time,
                ),
                _ => Written::call(format!("parse_date({})", value.text), Kind::Time),
            })
        }
        [value, form, ..] => {
            let Some(form) = literal(form) else { return Err(no_translation(form.at, "dayjs")) };
            let value = writer.write(value)?;
            let pattern = text(&pattern(form));
            if pattern == "\"\"" {
                return Err(no_translation(at, form));
            }
            Ok(Written::call(format!("parse_date({}, {pattern})", value.text), Kind::Time))
        }
    }
}

/// A time in a form of dayjs; names of months and days in a language.
fn formatted(time: &str, form: &str, language: &str) -> String {
    let named = ["MMM", "ddd"].iter().any(|names| form.contains(names));
    let language = if named { format!(", \"{language}\"") } else { String::new() };
    format!("format_date({time}, {}{language})", text(&pattern(form)))
}

/// The operator that a comparing method stands for.
fn relation(method: &str) -> &'static str {
    match method {
        "isBefore" => "<",
        "isAfter" => ">",
        _ => "==",
    }
}

/// A method of a time; `None` if it is none.
pub(super) fn method(
    writer: &mut Writer,
    value: &Written,
    name: &str,
    arguments: &[Expr],
) -> Result<Option<Written>, Trouble> {
    let time = value.text.as_str();
    let number = |text: String| Written::call(text, Kind::Int);
    let written = match (name, arguments) {
        ("format", []) => Written::call(format!("string({time})"), Kind::Text),
        ("format", [form]) => {
            let Some(form) = literal(form) else { return Ok(None) };
            Written::call(formatted(time, form, writer.language), Kind::Text)
        }
        ("toISOString", []) => Written::call(
            format!("format_date(to_zone({time}, \"UTC\"), \"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'\")"),
            Kind::Text,
        ),
        ("locale", [language]) => match literal(language) {
            Some("fr") => {
                writer.language = "fr";
                Written::call(time, Kind::Time)
            }
            Some("en") => Written::call(time, Kind::Time),
            _ => return Ok(None),
        },
        ("add" | "subtract", [count, unit]) => {
            let Some(unit) = literal(unit).and_then(self::unit) else { return Ok(None) };
            let count = writer.write(count)?;
            let minus = if name == "subtract" { "-" } else { "" };
            Written::call(
                format!("add({time}, {minus}{}, \"{unit}\")", count.within(Level::Unary)),
                Kind::Time,
            )
        }
        ("startOf", [unit]) => {
            let Some(unit) = literal(unit).and_then(self::unit) else { return Ok(None) };
            Written::call(format!("start_of({time}, \"{unit}\")"), Kind::Time)
        }
        ("diff", [other]) => {
            let other = other_time(writer, other)?;
            number(format!("int(difference({time}, {other}, \"second\") * 1000.0)"))
        }
        ("diff", [other, unit]) => {
            let Some(unit) = literal(unit).and_then(self::unit) else { return Ok(None) };
            let other = other_time(writer, other)?;
            number(format!("int(difference({time}, {other}, \"{unit}\"))"))
        }
        ("isBefore" | "isAfter" | "isSame", [other]) => {
            let other = other_time(writer, other)?;
            let sign = relation(name);
            Written::new(format!("{time} {sign} {other}"), Kind::Bool, Level::Relation)
        }
        ("isValid", []) => {
            Written::new(format!("try({time}, null) != null"), Kind::Bool, Level::Relation).sure()
        }
        ("tz", [zone]) => {
            let Some(zone) = literal(zone) else { return Ok(None) };
            Written::call(format!("to_zone({time}, {})", text(zone)), Kind::Time)
        }
        ("utc", []) => Written::call(format!("to_zone({time}, \"UTC\")"), Kind::Time),
        ("toDate" | "local", []) => Written::call(time.to_owned(), Kind::Time),
        (_, []) => return Ok(part(time, name)),
        _ => return Ok(None),
    };
    Ok(Some(written))
}

/// A part of a time.
fn part(time: &str, name: &str) -> Option<Written> {
    let number = |text: String| Written::call(text, Kind::Int);
    Some(match name {
        "unix" => number(format!("int({time})")),
        "valueOf" | "getTime" => Written::new(format!("int({time}) * 1000"), Kind::Int, Level::Product),
        "year" | "getFullYear" | "getUTCFullYear" => number(format!("year({time})")),
        "month" | "getMonth" | "getUTCMonth" => {
            Written::new(format!("month({time}) - 1"), Kind::Int, Level::Sum)
        }
        "date" | "getDate" | "getUTCDate" => number(format!("day({time})")),
        "day" | "getDay" | "getUTCDay" => {
            Written::new(format!("weekday({time}) % 7"), Kind::Int, Level::Product)
        }
        "isoWeek" | "week" => number(format!("week({time})")),
        "hour" | "hours" | "getHours" | "getUTCHours" => number(format!("hour({time})")),
        "minute" | "minutes" | "getMinutes" | "getUTCMinutes" => number(format!("minute({time})")),
        _ => return None,
    })
}

fn other_time(writer: &mut Writer, other: &Expr) -> Result<String, Trouble> {
    let value = writer.write(other)?;
    Ok(match value.kind {
        Kind::Time => value.text,
        _ => format!("parse_date({})", value.text),
    })
}

/// A unit of dayjs as ours.
fn unit(name: &str) -> Option<&'static str> {
    Some(match name {
        "y" | "year" | "years" => "year",
        "Q" | "quarter" | "quarters" => "quarter",
        "M" | "month" | "months" => "month",
        "w" | "week" | "weeks" | "isoWeek" => "week",
        "d" | "D" | "day" | "days" | "date" => "day",
        "h" | "hour" | "hours" => "hour",
        "m" | "minute" | "minutes" => "minute",
        "s" | "second" | "seconds" => "second",
        _ => return None,
    })
}

/// A form of dayjs such as `DD/MM/YYYY [à] HH:mm` as ours.
fn pattern(form: &str) -> String {
    const TOKENS: [(&str, &str); 24] = [
        ("YYYY", "yyyy"),
        ("YY", "yy"),
        ("MMMM", "MMMM"),
        ("MMM", "MMM"),
        ("MM", "MM"),
        ("M", "M"),
        ("DD", "dd"),
        ("D", "d"),
        ("dddd", "EEEE"),
        ("ddd", "EEE"),
        ("HH", "HH"),
        ("H", "H"),
        ("hh", "hh"),
        ("h", "h"),
        ("mm", "mm"),
        ("m", "m"),
        ("ss", "ss"),
        ("s", "s"),
        ("SSS", "SSS"),
        ("ZZ", "XX"),
        ("Z", "XXX"),
        ("A", "a"),
        ("a", "a"),
        ("L", "dd/MM/yyyy"),
    ];
    let (mut out, mut literal, mut rest) = (String::new(), String::new(), form);
    while let Some(letter) = rest.chars().next() {
        if let Some((quoted, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            literal += quoted;
            rest = after;
            continue;
        }
        if let Some((token, ours)) = TOKENS.iter().find(|(token, _)| rest.starts_with(token)) {
            flush(&mut literal, &mut out);
            out += ours;
            rest = rest.get(token.len()..).unwrap_or_default();
            continue;
        }
        if letter.is_alphabetic() || letter == '\'' || !literal.is_empty() {
            literal.push(letter);
        } else {
            out.push(letter);
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    flush(&mut literal, &mut out);
    out
}

/// Writes what stands for itself between quotes.
fn flush(literal: &mut String, out: &mut String) {
    if !literal.is_empty() {
        *out += &format!("'{}'", literal.replace('\'', "''"));
        literal.clear();
    }
}
