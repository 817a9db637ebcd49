//! `format`, of the string extension of CEL, and conversion between units.

use super::{Args, Function, Group, coding::hex_digit, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        ops::kind_message,
        value::{Fuel, Val, non_finite_name},
    },
    msg,
    record::Number,
    units::{self, Converted},
};
use std::borrow::Cow;

pub(super) const TABLE: &[Function] = &[
    function(
        Group::Text,
        ("format(pattern, values)", 2, 2),
        (
            "The pattern with values filled in: %s as text, %d a whole number, %.2f with decimals, %e, %x, %o, %b.",
            r#""%s: %.1f kW".format(["Borne", 22.0])"#,
            r#""Borne: 22.0 kW""#,
        ),
        format,
    ),
    function(
        Group::Numbers,
        ("convert(number, from, to)", 3, 3),
        (
            "The number in another unit (UCUM, SenML or usual names), such as kWh to Wh or °C to °F.",
            r#"convert(12.5, "kWh", "Wh")"#,
            "12500",
        ),
        convert,
    ),
];

fn convert<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let converted = {
        args.str(1)?;
        args.str(2)?;
        args.fuel.spend(20)?;
        let number = match args.get(0) {
            Val::Int(int) => Number::Int(*int),
            Val::Decimal(text) => Number::Decimal(text),
            _ => Number::Float(args.f64(0)?),
        };
        match (args.get(1), args.get(2)) {
            (Val::Text(from), Val::Text(to)) => units::convert(number, from, to),
            _ => return Err(args.wrong(1, msg!("a text"))),
        }
    };
    match converted {
        Ok(Converted::Int(int)) => Ok(Val::Int(int)),
        Ok(Converted::Decimal(text)) => Ok(Val::Decimal(Cow::Owned(text))),
        Ok(Converted::Float(float)) => Ok(Val::Double(float)),
        Err(error) => Err(args.blame(1, error.message().clone())),
    }
}

const MOST_DIGITS: usize = 100;

fn format<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let values = args.items(1)?;
    let pattern = args.text(0)?;
    let mut out = String::with_capacity(pattern.len());
    let mut rest = &*pattern;
    let mut next = 0;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (digits, after) = precision(after).ok_or_else(|| unreadable(args))?;
        let verb = after.chars().next().ok_or_else(|| unreadable(args))?;
        let value = values
            .get(next)
            .ok_or_else(|| args.blame(1, msg!("there are fewer values than % in the pattern")))?;
        next += 1;
        args.fuel.spend(1)?;
        let before = out.len();
        clause(verb, digits, &value, (&mut out, args.fuel)).map_err(|fail| args.blame(1, fail))?;
        args.fuel.bytes(out.len() - before)?;
        rest = after.get(verb.len_utf8()..).unwrap_or_default();
    }
    out.push_str(rest);
    args.made(out)
}

fn unreadable(args: &Args<'_, '_>) -> Fail {
    args.blame(0, msg!("after % comes one of s, d, f, e, x, X, o, b or %"))
}

/// `.2` of `%.2f`; `None` if it cannot be read.
fn precision(text: &str) -> Option<(Option<usize>, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((None, text)) };
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, rest) = rest.split_at(end);
    Some((Some(digits.parse().ok().filter(|digits| *digits <= MOST_DIGITS)?), rest))
}

fn clause(
    verb: char,
    digits: Option<usize>,
    value: &Val<'_>,
    (out, fuel): (&mut String, &mut Fuel),
) -> Result<(), Fail> {
    let wrong = || {
        Fail::from(msg!("%{verb} does not go with {kind}", verb = verb, kind = kind_message(value.kind())))
    };
    let digits = digits.unwrap_or(6);
    match (verb, value) {
        ('s', value) => return shown(value, out, fuel),
        ('d', Val::Int(int)) => out.push_str(&int.to_string()),
        ('d', Val::Uint(uint)) => out.push_str(&uint.to_string()),
        ('d' | 'f' | 'e', value) => {
            let number = value.as_f64().ok_or_else(wrong)?;
            match verb {
                _ if !number.is_finite() => out.push_str(non_finite_name(number)),
                'f' => out.push_str(&format!("{number:.digits$}")),
                'e' => out.push_str(&exponent(&format!("{number:.digits$e}"))),
                _ => return Err(wrong()),
            }
        }
        ('b', Val::Bool(value)) => out.push(if *value { '1' } else { '0' }),
        ('x' | 'X', Val::Text(text)) => hexadecimal(text.as_bytes(), verb, out),
        ('x' | 'X', Val::Bytes(bytes)) => hexadecimal(bytes, verb, out),
        ('x' | 'X' | 'o' | 'b', Val::Int(_) | Val::Uint(_)) => {
            let (sign, magnitude) = match value {
                Val::Int(int) => (if *int < 0 { "-" } else { "" }, int.unsigned_abs()),
                Val::Uint(uint) => ("", *uint),
                _ => return Err(wrong()),
            };
            out.push_str(sign);
            out.push_str(&match verb {
                'x' => format!("{magnitude:x}"),
                'X' => format!("{magnitude:X}"),
                'o' => format!("{magnitude:o}"),
                _ => format!("{magnitude:b}"),
            });
        }
        ('x' | 'X' | 'o' | 'b', _) => return Err(wrong()),
        _ => return Err(msg!("after % comes one of s, d, f, e, x, X, o, b or %").into()),
    }
    Ok(())
}

/// `1.5e3` → `1.5e+03`, as C and Go write it.
fn exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn hexadecimal(bytes: &[u8], verb: char, out: &mut String) {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.extend(digits.map(|digit| hex_digit(digit, verb == 'X')));
}

/// Any value as `%s` shows it: lists as `[1, a]`, maps as `{a: 1}` with their keys in order.
fn shown(value: &Val<'_>, out: &mut String, fuel: &mut Fuel) -> Result<(), Fail> {
    fuel.spend(1)?;
    match value {
        Val::Null | Val::Optional(None) => out.push_str("null"),
        Val::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Val::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                shown(&item, out, fuel)?;
            }
            out.push(']');
        }
        Val::Map(entries) => {
            let mut texts = Vec::new();
            for (key, value) in entries.iter() {
                let mut text = String::new();
                shown(&key, &mut text, fuel)?;
                text.push_str(": ");
                shown(&value, &mut text, fuel)?;
                fuel.bytes(text.len())?;
                texts.push(text);
            }
            texts.sort();
            out.push('{');
            out.push_str(&texts.join(", "));
            out.push('}');
        }
        value => value.plain_text(out)?,
    }
    Ok(())
}
