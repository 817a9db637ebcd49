//! Operators: arithmetic that never overflows silently, order and equality by meaning.

use super::{
    ast::Operator,
    duration::Duration,
    error::Fail,
    value::{Entries, Fuel, Items, Type, Val},
};
use crate::{
    Message, msg,
    record::{Precision, Timestamp},
};
use std::{borrow::Cow, cmp::Ordering};

/// Whether two values are equal: numbers by value whatever their kind, values of different kinds never.
pub(super) fn equal(a: &Val<'_>, b: &Val<'_>, fuel: &mut Fuel) -> Result<bool, Fail> {
    Ok(match (a, b) {
        (Val::Text(a), Val::Text(b)) => a == b,
        (Val::Null, Val::Null) => true,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::Int(a), Val::Int(b)) => a == b,
        (Val::Bytes(a), Val::Bytes(b)) => a == b,
        (Val::Duration(a), Val::Duration(b)) => a == b,
        (Val::Masked(a), Val::Masked(b)) => a == b,
        (Val::Type(a), Val::Type(b)) => a == b,
        (Val::List(a), Val::List(b)) => return equal_lists(a, b, fuel),
        (Val::Map(a), Val::Map(b)) => return equal_maps(a, b, fuel),
        (Val::Optional(a), Val::Optional(b)) => match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => return equal(a, b, fuel),
            _ => false,
        },
        (Val::Time(_), Val::Time(_) | Val::Text(_)) | (Val::Text(_), Val::Time(_)) => {
            order(a, b) == Some(Ordering::Equal)
        }
        _ => order_numbers(a, b) == Some(Ordering::Equal),
    })
}

fn equal_lists(a: &Items<'_>, b: &Items<'_>, fuel: &mut Fuel) -> Result<bool, Fail> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        fuel.spend(1)?;
        if !equal(&a, &b, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(a: &Entries<'_>, b: &Entries<'_>, fuel: &mut Fuel) -> Result<bool, Fail> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a.iter() {
        fuel.spend(1)?;
        match lookup(b, &key, fuel)? {
            Some(other) if equal(&value, &other, fuel)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The value of a key; text, whole numbers and booleans are keys.
pub(super) fn lookup<'a>(
    entries: &Entries<'a>,
    key: &Val<'_>,
    fuel: &mut Fuel,
) -> Result<Option<Val<'a>>, Fail> {
    if let Val::Text(name) = key {
        return entries.field(name, fuel);
    }
    let Entries::Made(entries) = entries else { return Ok(None) };
    for (known, value) in entries.iter() {
        fuel.spend(1)?;
        if equal(known, key, fuel)? {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

/// The order of two values; `None` where there is none.
pub(super) fn order(a: &Val<'_>, b: &Val<'_>) -> Option<Ordering> {
    match (a, b) {
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        (Val::Bytes(a), Val::Bytes(b)) => Some(a.cmp(b)),
        (Val::Time(a), Val::Time(b)) => Some(a.cmp(b)),
        (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
        // ISO text beside a time is read as one
        (Val::Time(a), Val::Text(b)) => Some(a.cmp(&Timestamp::parse(b)?)),
        (Val::Text(a), Val::Time(b)) => Some(Timestamp::parse(a)?.cmp(b)),
        _ => order_numbers(a, b),
    }
}

fn order_numbers(a: &Val<'_>, b: &Val<'_>) -> Option<Ordering> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Uint(a), Val::Uint(b)) => Some(a.cmp(b)),
        (Val::Int(a), Val::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Uint(a), Val::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Decimal(a), Val::Decimal(b)) if a == b => Some(Ordering::Equal),
        (Val::Int(whole), real) => order_whole(i128::from(*whole), real.as_f64()?),
        (Val::Uint(whole), real) => order_whole(i128::from(*whole), real.as_f64()?),
        (real, Val::Int(whole)) => order_whole(i128::from(*whole), real.as_f64()?).map(Ordering::reverse),
        (real, Val::Uint(whole)) => order_whole(i128::from(*whole), real.as_f64()?).map(Ordering::reverse),
        (a, b) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// Exact, also where a double cannot hold the whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the range is checked first"
)]
fn order_whole(whole: i128, real: f64) -> Option<Ordering> {
    const EXACT: i128 = 1 << 53;
    if whole.abs() <= EXACT || !real.is_finite() || real.abs() >= 1e30 {
        return (whole as f64).partial_cmp(&real);
    }
    let floor = real.floor();
    Some(whole.cmp(&(floor as i128)).then(if floor < real { Ordering::Less } else { Ordering::Equal }))
}

pub(super) fn compare(operator: Operator, a: &Val<'_>, b: &Val<'_>) -> Result<bool, Fail> {
    let Some(order) = order(a, b) else {
        let nan = |value: &Val<'_>| matches!(value, Val::Double(number) if number.is_nan());
        if nan(a) && b.as_f64().is_some() || nan(b) && a.as_f64().is_some() {
            return Ok(false);
        }
        return Err(mismatch(operator, a, b));
    };
    Ok(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// `+`, `-`, `*`, `/` and `%`.
pub(super) fn arithmetic<'a>(
    operator: Operator,
    a: Val<'a>,
    b: Val<'a>,
    fuel: &mut Fuel,
) -> Result<Val<'a>, Fail> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => whole(operator, a, b),
        (Val::Text(a), Val::Text(b)) if operator == Operator::Add => {
            fuel.bytes(a.len() + b.len())?;
            Ok(Val::Text(a + b))
        }
        (Val::Bytes(a), Val::Bytes(b)) if operator == Operator::Add => {
            fuel.bytes(a.len() + b.len())?;
            Ok(Val::Bytes(Cow::Owned([a, b].concat())))
        }
        (Val::List(a), Val::List(b)) if operator == Operator::Add => {
            fuel.items(a.len() + b.len())?;
            Ok(Val::list(a.iter().chain(b.iter()).collect()))
        }
        (a @ (Val::Time(_) | Val::Duration(_)), b) | (a, b @ (Val::Time(_) | Val::Duration(_))) => {
            times(operator, &a, &b)
        }
        (Val::Uint(a), Val::Uint(b)) => unsigned(operator, a, b),
        (a, b) => match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) => match (&a, &b) {
                (Val::Int(_) | Val::Uint(_), Val::Int(_) | Val::Uint(_)) => mixed(operator, &a, &b),
                _ => real(operator, x, y).ok_or_else(|| mismatch(operator, &a, &b)),
            },
            _ => Err(mismatch(operator, &a, &b)),
        },
    }
}

fn whole(operator: Operator, a: i64, b: i64) -> Result<Val<'static>, Fail> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Remainder if b == 0 => return Err(by_zero()),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Val::Int).ok_or_else(|| overflow(operator, &a, &b))
}

fn unsigned(operator: Operator, a: u64, b: u64) -> Result<Val<'static>, Fail> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Remainder if b == 0 => return Err(by_zero()),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Val::Uint).ok_or_else(|| overflow(operator, &a, &b))
}

/// One signed, one unsigned: the result is signed.
fn mixed(operator: Operator, a: &Val<'_>, b: &Val<'_>) -> Result<Val<'static>, Fail> {
    let signed = |value: &Val<'_>| match value {
        Val::Int(int) => Some(*int),
        Val::Uint(uint) => i64::try_from(*uint).ok(),
        _ => None,
    };
    match (signed(a), signed(b)) {
        (Some(a), Some(b)) => whole(operator, a, b),
        _ => Err(overflow(operator, &shown(a), &shown(b))),
    }
}

fn real(operator: Operator, a: f64, b: f64) -> Option<Val<'static>> {
    Some(Val::Double(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        // CEL has no remainder of doubles
        _ => return None,
    }))
}

fn times(operator: Operator, a: &Val<'_>, b: &Val<'_>) -> Result<Val<'static>, Fail> {
    let result = match (operator, a, b) {
        (Operator::Add, Val::Time(time), Val::Duration(by))
        | (Operator::Add, Val::Duration(by), Val::Time(time)) => moved(*time, by.nanos()).map(Val::Time),
        (Operator::Subtract, Val::Time(time), Val::Duration(by)) => moved(*time, -by.nanos()).map(Val::Time),
        (Operator::Subtract, Val::Time(a), Val::Time(b)) => {
            a.micros().checked_sub(b.micros()).and_then(Duration::of_micros).map(Val::Duration)
        }
        (Operator::Add, Val::Duration(a), Val::Duration(b)) => {
            Duration::of_nanos(a.nanos() + b.nanos()).map(Val::Duration)
        }
        (Operator::Subtract, Val::Duration(a), Val::Duration(b)) => {
            Duration::of_nanos(a.nanos() - b.nanos()).map(Val::Duration)
        }
        _ => return Err(mismatch(operator, a, b)),
    };
    result.ok_or_else(|| overflow(operator, &shown(a), &shown(b)))
}

/// Years 1 to 9999, as CEL has it.
const FIRST_MICROS: i64 = -62_135_596_800_000_000;
const LAST_MICROS: i64 = 253_402_300_799_999_999;

/// Whether CEL has this time.
pub(super) fn in_range(micros: i64) -> bool {
    (FIRST_MICROS..=LAST_MICROS).contains(&micros)
}

/// The time `nanos` later, written as finely as it needs.
pub(super) fn moved(time: Timestamp, nanos: i128) -> Option<Timestamp> {
    let micros = time.micros().checked_add(i64::try_from(nanos.div_euclid(1_000)).ok()?)?;
    if !in_range(micros) {
        return None;
    }
    let needed = match micros.unsigned_abs() {
        micros if micros % 1_000 != 0 => Precision::Microsecond,
        micros if micros % 1_000_000 != 0 => Precision::Millisecond,
        micros if micros % 60_000_000 != 0 => Precision::Second,
        micros if micros % 86_400_000_000 != 0 => Precision::Minute,
        _ => Precision::Day,
    };
    let precision = time.precision().max(needed);
    Some(match time.offset() {
        Some(offset) => Timestamp::at(micros, offset, precision),
        None => Timestamp::local(micros, precision),
    })
}

fn by_zero() -> Fail {
    msg!("a whole number is divided by zero").into()
}

fn overflow(operator: Operator, a: &impl ToString, b: &impl ToString) -> Fail {
    msg!(
        "{left} {operator} {right} is too large or too small",
        left = a.to_string(),
        operator = operator.symbol(),
        right = b.to_string()
    )
    .into()
}

fn shown(value: &Val<'_>) -> String {
    let mut text = String::new();
    match value.plain_text(&mut text) {
        Ok(()) => text,
        Err(_) => value.kind().name().to_owned(),
    }
}

/// The operator does not go with these kinds of values; null and masked are told by the caller, who
/// knows the fields.
fn mismatch(operator: Operator, a: &Val<'_>, b: &Val<'_>) -> Fail {
    if matches!(a, Val::Null) || matches!(b, Val::Null) {
        return Fail::null(msg!("`{operator}` cannot take null", operator = operator.symbol()));
    }
    msg!(
        "`{operator}` does not go with {left} and {right}",
        operator = operator.symbol(),
        left = kind_message(a.kind()),
        right = kind_message(b.kind())
    )
    .into()
}

/// The kind of a value, for people.
pub(super) fn kind_message(kind: Type) -> Message {
    match kind {
        Type::Null => msg!("null"),
        Type::Bool => msg!("a boolean"),
        Type::Int | Type::Uint => msg!("a whole number"),
        Type::Double => msg!("a number"),
        Type::String => msg!("a text"),
        Type::Bytes => msg!("bytes"),
        Type::Timestamp => msg!("a time"),
        Type::Duration => msg!("a duration"),
        Type::Masked => msg!("a masked value"),
        Type::List => msg!("a list"),
        Type::Map => msg!("an object"),
        Type::Kind => msg!("a type"),
        Type::Optional => msg!("an optional value"),
    }
}
