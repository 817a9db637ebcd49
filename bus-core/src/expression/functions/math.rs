//! Numbers: the mathematics extension of CEL, rounding, and numbers as people read them.

use super::{Args, Function, Group, MANY, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        ops::order,
        value::{Items, Val},
    },
    msg,
};
use std::{cmp::Ordering, rc::Rc};

const NUMBERS: Group = Group::Numbers;

pub(super) const TABLE: &[Function] = &[
    function(
        NUMBERS,
        ("round(number, [digits])", 1, 2),
        ("The number rounded to so many decimals (0), halves away from zero.", "round(12.345, 2)", "12.35"),
        round,
    ),
    function(NUMBERS, ("abs(number)", 1, 1), ("The number without its sign.", "abs(-3)", "3"), abs),
    function(
        NUMBERS,
        ("min(numbers…)", 1, MANY),
        ("The smallest of the values, or of a list.", "min(3, 1.5, 2)", "1.5"),
        |args| extreme(args, Ordering::Less),
    ),
    function(
        NUMBERS,
        ("max(numbers…)", 1, MANY),
        ("The largest of the values, or of a list.", "max([3, 1, 2])", "3"),
        |args| extreme(args, Ordering::Greater),
    ),
    function(
        NUMBERS,
        ("math.least(numbers…)", 1, MANY),
        ("The smallest of the values, or of a list.", "math.least(3, 1.5, 2)", "1.5"),
        |args| extreme(args, Ordering::Less),
    ),
    function(
        NUMBERS,
        ("math.greatest(numbers…)", 1, MANY),
        ("The largest of the values, or of a list.", "math.greatest(3, 1.5, 2)", "3"),
        |args| extreme(args, Ordering::Greater),
    ),
    function(
        NUMBERS,
        ("math.round(number)", 1, 1),
        ("The nearest whole number, halves away from zero, as a double.", "math.round(1.5)", "2"),
        |args| real(args, f64::round),
    ),
    function(
        NUMBERS,
        ("math.ceil(number)", 1, 1),
        ("The next whole number above, as a double.", "math.ceil(1.2)", "2"),
        |args| real(args, f64::ceil),
    ),
    function(
        NUMBERS,
        ("math.floor(number)", 1, 1),
        ("The next whole number below, as a double.", "math.floor(-1.2)", "-2"),
        |args| real(args, f64::floor),
    ),
    function(
        NUMBERS,
        ("math.trunc(number)", 1, 1),
        ("The number without its decimals, as a double.", "math.trunc(-1.7)", "-1"),
        |args| real(args, f64::trunc),
    ),
    function(NUMBERS, ("math.sqrt(number)", 1, 1), ("The square root.", "math.sqrt(16)", "4"), |args| {
        real(args, f64::sqrt)
    }),
    function(
        NUMBERS,
        ("math.abs(number)", 1, 1),
        ("The number without its sign.", "math.abs(-3.5)", "3.5"),
        abs,
    ),
    function(
        NUMBERS,
        ("math.sign(number)", 1, 1),
        ("-1, 0 or 1, of the number's own kind.", "math.sign(-3)", "-1"),
        sign,
    ),
    function(
        NUMBERS,
        ("math.isNaN(number)", 1, 1),
        ("Whether the double is not a number.", "math.isNaN(0.0 / 0.0)", "true"),
        |args| Ok(Val::Bool(args.f64(0)?.is_nan())),
    ),
    function(
        NUMBERS,
        ("math.isInf(number)", 1, 1),
        ("Whether the double is infinite.", "math.isInf(1.0 / 0.0)", "true"),
        |args| Ok(Val::Bool(args.f64(0)?.is_infinite())),
    ),
    function(
        NUMBERS,
        ("math.isFinite(number)", 1, 1),
        ("Whether the double is neither infinite nor not a number.", "math.isFinite(1.5)", "true"),
        |args| Ok(Val::Bool(args.f64(0)?.is_finite())),
    ),
    function(
        NUMBERS,
        ("math.bitAnd(number, other)", 2, 2),
        ("The bits that both numbers have.", "math.bitAnd(12, 10)", "8"),
        |args| bits(args, |a, b| a & b),
    ),
    function(
        NUMBERS,
        ("math.bitOr(number, other)", 2, 2),
        ("The bits that either number has.", "math.bitOr(12, 10)", "14"),
        |args| bits(args, |a, b| a | b),
    ),
    function(
        NUMBERS,
        ("math.bitXor(number, other)", 2, 2),
        ("The bits that one number has and the other has not.", "math.bitXor(12, 10)", "6"),
        |args| bits(args, |a, b| a ^ b),
    ),
    function(
        NUMBERS,
        ("math.bitNot(number)", 1, 1),
        ("The bits that the number has not.", "math.bitNot(0)", "-1"),
        |args| match args.get(0) {
            Val::Uint(uint) => Ok(Val::Uint(!uint)),
            _ => Ok(Val::Int(!args.int(0)?)),
        },
    ),
    function(
        NUMBERS,
        ("math.bitShiftLeft(number, places)", 2, 2),
        ("The bits moved to the left.", "math.bitShiftLeft(1, 4)", "16"),
        |args| shifted(args, |bits, places| bits.checked_shl(places).unwrap_or(0)),
    ),
    function(
        NUMBERS,
        ("math.bitShiftRight(number, places)", 2, 2),
        ("The bits moved to the right, zeros coming in.", "math.bitShiftRight(16, 4)", "1"),
        |args| shifted(args, |bits, places| bits.checked_shr(places).unwrap_or(0)),
    ),
    function(
        NUMBERS,
        ("format_number(number, [digits], [language])", 1, 3),
        (
            "A number as people read it, with spaces between thousands and a decimal comma (fr, the usual) or commas and a point (en).",
            r#"format_number(1234.5, 2)"#,
            "\"1\u{202f}234,50\"",
        ),
        format_number,
    ),
];

fn round<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let digits = if args.len() > 1 { args.int(1)? } else { 0 };
    if let Val::Int(int) = args.get(0)
        && digits >= 0
    {
        return Ok(Val::Int(*int));
    }
    let number = args.f64(0)?;
    let digits = i32::try_from(digits.clamp(-15, 15)).unwrap_or(0);
    let rounded = rounded(number, digits);
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    if digits <= 0 && rounded.abs() < 9e15 {
        return Ok(Val::Int(rounded as i64));
    }
    Ok(Val::Double(rounded))
}

/// By the decimal digits a person sees: 1.005 rounds to 1.01 although its double lies below.
pub(super) fn rounded(number: f64, digits: i32) -> f64 {
    if !number.is_finite() || number.abs() >= 1e15 {
        return number;
    }
    let text = number.abs().to_string();
    let shifted: f64 = format!("{text}e{digits}").parse().unwrap_or(number.abs() * 10_f64.powi(digits));
    let back: f64 = format!("{}e{}", shifted.round(), -digits).parse().unwrap_or(number.abs());
    back.copysign(number)
}

fn abs<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    match args.get(0) {
        Val::Int(int) => match int.checked_abs() {
            Some(int) => Ok(Val::Int(int)),
            None => {
                let message =
                    msg!("{number} is too large for a whole number", number = "9223372036854775808");
                Err(args.blame(0, message))
            }
        },
        Val::Uint(uint) => Ok(Val::Uint(*uint)),
        _ => args.f64(0).map(|number| Val::Double(number.abs())),
    }
}

fn sign<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    match args.get(0) {
        Val::Int(int) => Ok(Val::Int(int.signum())),
        Val::Uint(uint) => Ok(Val::Uint((*uint).min(1))),
        _ => {
            let number = args.f64(0)?;
            Ok(Val::Double(if number == 0.0 || number.is_nan() { number } else { number.signum() }))
        }
    }
}

fn real<'a>(args: &mut Args<'_, 'a>, change: fn(f64) -> f64) -> Evaluated<'a> {
    Ok(Val::Double(change(args.f64(0)?)))
}

fn extreme<'a>(args: &mut Args<'_, 'a>, wanted: Ordering) -> Evaluated<'a> {
    let items = match args.get(0) {
        Val::List(_) if args.len() == 1 => args.items(0)?,
        _ => Items::Made(Rc::new((0..args.len()).map(|place| args.take(place)).collect())),
    };
    let mut best: Option<Val<'a>> = None;
    for item in items.iter() {
        if matches!(item, Val::Null) {
            continue;
        }
        let better = match &best {
            None => order(&item, &item).map(|_| true),
            Some(best) => order(&item, best).map(|order| order == wanted),
        };
        match better {
            Some(true) => best = Some(item),
            Some(false) => {}
            None => return Err(msg!("the values cannot be compared with each other").into()),
        }
    }
    best.ok_or_else(|| Fail::null(msg!("there is no value to choose from")))
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "the bits are what is meant")]
fn bits<'a>(args: &mut Args<'_, 'a>, change: fn(u64, u64) -> u64) -> Evaluated<'a> {
    match (args.get(0), args.get(1)) {
        (Val::Uint(a), Val::Uint(b)) => Ok(Val::Uint(change(*a, *b))),
        _ => Ok(Val::Int(change(args.int(0)? as u64, args.int(1)? as u64) as i64)),
    }
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "the bits are what is meant")]
fn shifted<'a>(args: &mut Args<'_, 'a>, change: fn(u64, u32) -> u64) -> Evaluated<'a> {
    let places = u32::try_from(args.count(1)?).unwrap_or(u32::MAX);
    match args.get(0) {
        Val::Uint(uint) => Ok(Val::Uint(change(*uint, places))),
        _ => Ok(Val::Int(change(args.int(0)? as u64, places) as i64)),
    }
}

fn format_number<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let english = args.len() > 2 && args.str(2)?.starts_with("en");
    let digits = if args.given(1) { Some(args.count(1)?.min(20)) } else { None };
    let number = args.f64(0)?;
    if !number.is_finite() || number.abs() >= 1e21 {
        return Err(args.blame(0, msg!("{number} cannot be written so", number = number)));
    }
    let text = match (digits, args.get(0)) {
        (Some(digits), _) => {
            let number = rounded(number, i32::try_from(digits).unwrap_or(0));
            format!("{number:.digits$}")
        }
        (None, Val::Int(int)) => int.to_string(),
        (None, _) => number.to_string(),
    };
    let (thousands, point) = if english { (',', '.') } else { ('\u{202f}', ',') };
    args.made(grouped(&text, thousands, point))
}

/// `-1234.5` → `-1 234,5`.
fn grouped(text: &str, thousands: char, point: char) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(thousands);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    out
}
