//! From one kind of value to another.

use super::{Args, Function, Group, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        value::{Val, non_finite_name},
    },
    msg, numbers,
};
use std::borrow::Cow;

const CONVERSION: Group = Group::Conversion;

pub(super) const TABLE: &[Function] = &[
    function(
        CONVERSION,
        ("int(value)", 1, 1),
        (
            "A whole number from a number (cut off, not rounded), a text, or a time (seconds since 1970).",
            r#"int("042")"#,
            "42",
        ),
        int,
    ),
    function(
        CONVERSION,
        ("uint(value)", 1, 1),
        ("A whole number from 0, from a number or a text.", "uint(7.9)", "7"),
        uint,
    ),
    function(
        CONVERSION,
        ("double(value)", 1, 1),
        (
            "A number with decimals, from a number or a text with a decimal point.",
            r#"double("12.5")"#,
            "12.5",
        ),
        double,
    ),
    function(
        CONVERSION,
        ("number(text)", 1, 1),
        (
            "A number from text as people write it: decimal comma or point, spaces between thousands, a unit or % behind it is not taken.",
            r#"number("1 234,5")"#,
            "1234.5",
        ),
        number,
    ),
    function(
        CONVERSION,
        ("string(value)", 1, 1),
        ("The text of a number, boolean, time, duration or of UTF-8 bytes.", "string(12.5)", r#""12.5""#),
        string,
    ),
    function(
        CONVERSION,
        ("bool(value)", 1, 1),
        (
            "True or false from text: true, t, 1, yes, oui, vrai, or false, f, 0, no, non, faux.",
            r#"bool("oui")"#,
            "true",
        ),
        boolean,
    ),
    function(
        CONVERSION,
        ("bytes(text)", 1, 1),
        ("The UTF-8 bytes of a text.", r#"size(bytes("é"))"#, "2"),
        |args| match args.take(0) {
            Val::Bytes(bytes) => Ok(Val::Bytes(bytes)),
            Val::Text(text) => {
                args.fuel.bytes(text.len())?;
                Ok(Val::Bytes(match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                }))
            }
            _ => Err(args.wrong(0, msg!("a text"))),
        },
    ),
    function(
        CONVERSION,
        ("timestamp(value)", 1, 1),
        (
            "A time from ISO text or from seconds since 1970.",
            r#"timestamp("2026-03-28T00:10:00Z")"#,
            r#""2026-03-28T00:10:00Z""#,
        ),
        timestamp,
    ),
    function(
        CONVERSION,
        ("duration(text)", 1, 1),
        ("A length of time from text such as 1h30m, 90s, 250ms or 2d.", r#"duration("1h30m")"#, r#""5400s""#),
        |args| args.duration(0).map(Val::Duration),
    ),
    function(
        CONVERSION,
        ("type(value)", 1, 1),
        ("The kind of a value: int, double, string, bool, list, map, null_type…", "type(1) == int", "true"),
        |args| Ok(Val::Type(args.get(0).kind())),
    ),
    function(CONVERSION, ("dyn(value)", 1, 1), ("The value itself.", "dyn(1)", "1"), |args| Ok(args.take(0))),
    function(
        CONVERSION,
        ("raw(value)", 1, 1),
        (
            "The value itself; in a template that is an address, it is written without percent-encoding.",
            r#"raw("a/b")"#,
            r#""a/b""#,
        ),
        |args| Ok(args.take(0)),
    ),
    function(
        CONVERSION,
        ("is_masked(value)", 1, 1),
        ("Whether a value is withheld, such as S or nd in a statistic.", "is_masked(1)", "false"),
        |args| Ok(Val::Bool(matches!(args.get(0), Val::Masked(_)))),
    ),
    function(
        CONVERSION,
        ("is_null(value)", 1, 1),
        ("Whether a value is null.", "is_null(null)", "true"),
        |args| Ok(Val::Bool(matches!(args.get(0), Val::Null))),
    ),
    function(
        CONVERSION,
        ("is_empty(value)", 1, 1),
        (
            "Whether a value is null, an empty text, list or object, or only white space.",
            r#"is_empty("  ")"#,
            "true",
        ),
        |args| {
            Ok(Val::Bool(match args.get(0) {
                Val::Null => true,
                Val::Text(_) => args.str(0)?.trim().is_empty(),
                Val::List(items) => items.len() == 0,
                Val::Map(entries) => entries.len() == 0,
                _ => false,
            }))
        },
    ),
    function(
        CONVERSION,
        ("is_number(value)", 1, 1),
        ("Whether a value is a number, or a text that number(…) reads.", r#"is_number("12,5")"#, "true"),
        |args| {
            Ok(Val::Bool(match args.get(0) {
                Val::Text(_) => parse_number(args.str(0)?).is_some(),
                value => value.as_f64().is_some(),
            }))
        },
    ),
];

fn too_large(args: &Args<'_, '_>, shown: String) -> Fail {
    args.blame(0, msg!("{number} is too large for a whole number", number = shown))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn int<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    const LIMIT: f64 = 9_223_372_036_854_775_807_i64 as f64;
    let cut = |number: f64| (number > -LIMIT && number < LIMIT).then_some(number.trunc() as i64);
    let int = match args.get(0) {
        Val::Int(int) => Some(*int),
        Val::Uint(uint) => i64::try_from(*uint).ok(),
        Val::Double(number) => cut(*number),
        Val::Decimal(text) => text.parse().ok().or_else(|| cut(args.get(0).as_f64()?)),
        Val::Time(time) => Some(time.micros().div_euclid(1_000_000)),
        Val::Duration(duration) => i64::try_from(duration.nanos() / 1_000_000_000).ok(),
        Val::Text(text) => match text.parse() {
            Ok(int) => Some(int),
            Err(_) => {
                let message =
                    msg!("`{text}` is not a whole number: number(…) reads more forms", text = &**text);
                return Err(args.blame(0, message));
            }
        },
        _ => return Err(args.wrong(0, msg!("a number or text"))),
    };
    match int {
        Some(int) => Ok(Val::Int(int)),
        None => {
            let shown = args.get(0).as_f64().map_or_else(String::new, |number| number.to_string());
            Err(too_large(args, shown))
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn uint<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let uint = match args.get(0) {
        Val::Uint(uint) => Some(*uint),
        Val::Int(int) => u64::try_from(*int).ok(),
        Val::Text(text) => match text.parse() {
            Ok(uint) => Some(uint),
            Err(_) => {
                let message =
                    msg!("`{text}` is not a whole number: number(…) reads more forms", text = &**text);
                return Err(args.blame(0, message));
            }
        },
        value => {
            let number = args.f64(0)?;
            let fits = (0.0..u64::MAX as f64).contains(&number);
            let _ = value;
            fits.then_some(number.trunc() as u64)
        }
    };
    uint.map(Val::Uint).ok_or_else(|| {
        let mut shown = String::new();
        if args.get(0).plain_text(&mut shown).is_err() {
            shown.clear();
        }
        args.blame(0, msg!("{number} is no whole number from 0", number = shown))
    })
}

fn double<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    if let Val::Text(text) = args.get(0) {
        return match text.trim().parse::<f64>() {
            Ok(number) => Ok(Val::Double(number)),
            Err(_) => {
                let message = msg!("`{text}` is not a number: number(…) reads more forms", text = &**text);
                Err(args.blame(0, message))
            }
        };
    }
    if let Val::Duration(duration) = args.get(0) {
        return Ok(Val::Double(duration.as_seconds()));
    }
    args.f64(0).map(Val::Double)
}

fn number<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    if !matches!(args.get(0), Val::Text(_)) {
        args.f64(0)?;
        return Ok(args.take(0));
    }
    let parsed = parse_number(args.str(0)?);
    parsed.ok_or_else(|| {
        let mut shown = String::new();
        if args.get(0).plain_text(&mut shown).is_err() {
            shown.clear();
        }
        args.blame(0, msg!("`{text}` is not a number", text = shown))
    })
}

/// A number as people write it; leading zeros do no harm where a number is asked for.
pub(super) fn parse_number(text: &str) -> Option<Val<'static>> {
    let read = numbers::read(text).or_else(|| {
        let text = text.trim();
        let digits = text.trim_start_matches('0');
        let digits =
            if digits.starts_with(|letter: char| letter.is_ascii_digit()) { digits } else { return None };
        numbers::read(digits)
    });
    exact(read?)
}

/// A number in JSON's grammar, without losing a digit.
pub(super) fn exact(text: String) -> Option<Val<'static>> {
    match text.parse() {
        Ok(int) => Some(Val::Int(int)),
        Err(_) => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(|_| Val::Decimal(Cow::Owned(text))),
    }
}

fn string<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let text = match args.take(0) {
        Val::Text(text) => return Ok(Val::Text(text)),
        Val::Decimal(text) => return Ok(Val::Text(text)),
        Val::Masked(text) => return Ok(Val::text(text)),
        Val::Double(number) if !number.is_finite() => return Ok(Val::text(non_finite_name(number))),
        Val::Bytes(bytes) => match String::from_utf8(bytes.into_owned()) {
            Ok(text) => text,
            Err(_) => return Err(args.blame(0, msg!("the bytes are no UTF-8 text"))),
        },
        value => {
            let mut text = String::new();
            value.plain_text(&mut text).map_err(|fail| args.blame(0, fail))?;
            text
        }
    };
    args.made(text)
}

fn boolean<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    match args.get(0) {
        Val::Bool(value) => Ok(Val::Bool(*value)),
        Val::Int(0) => Ok(Val::Bool(false)),
        Val::Int(1) => Ok(Val::Bool(true)),
        Val::Text(text) => match text.trim().to_lowercase().as_str() {
            "true" | "t" | "1" | "yes" | "y" | "oui" | "o" | "vrai" => Ok(Val::Bool(true)),
            "false" | "f" | "0" | "no" | "n" | "non" | "faux" => Ok(Val::Bool(false)),
            _ => {
                let message = msg!("`{text}` is neither true nor false", text = &**text);
                Err(args.blame(0, message))
            }
        },
        _ => Err(args.wrong(0, msg!("a boolean or text"))),
    }
}

fn timestamp<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    if let Val::Int(seconds) = args.get(0) {
        return match super::calendar::of_seconds(*seconds) {
            Some(time) => Ok(Val::Time(time)),
            None => Err(args.blame(0, msg!("{number} is no time of the years 1 to 9999", number = *seconds))),
        };
    }
    args.time(0).map(Val::Time)
}
