//! Units of measure: one registry for people, SenML, UCUM and QUDT, and exact conversion.
//!
//! A unit is read from any of the ways it is written (`kWh`, `kW.h`, `KiloW-HR`, `kilowattheure`), or as a
//! product of others in the grammar of [UCUM](https://ucum.org/ucum) (`kg/m3`, `W/(m2.K)`, `10*3.l/min`).

mod atoms;
mod known;
mod parse;
mod ratio;

#[cfg(test)]
mod tests;

pub use known::{Known, known};

use crate::{
    Message, msg,
    record::{BatchBuilder, Number},
};
use parse::Measure;
use ratio::{Ratio, Scale};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A unit of measure that values can be converted from and to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    text: String,
    measure: Measure,
    known: Option<&'static Known>,
}

/// Why a unit or a conversion is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitError(Message);

impl UnitError {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for UnitError {}

impl From<UnitError> for Message {
    fn from(error: UnitError) -> Self {
        error.0
    }
}

impl Unit {
    /// The unit as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its entry of the registry, with codes and names; `None` for a product that has none.
    #[must_use]
    pub const fn known(&self) -> Option<&'static Known> {
        self.known
    }

    /// Whether values of both measure the same thing.
    #[must_use]
    pub fn measures_same(&self, other: &Self) -> bool {
        self.measure.dimension == other.measure.dimension
    }

    fn of_known(known: &'static Known, text: &str) -> Option<Self> {
        let measure = parse::measure(known.definition())?;
        Some(Self { text: text.to_owned(), measure, known: Some(known) })
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(found) = known::find(text).and_then(|known| Self::of_known(known, text)) {
            return Ok(found);
        }
        if let Some(measure) = parse::measure(text) {
            return Ok(Self { text: text.to_owned(), known: None, measure });
        }
        if let Some(found) = known::find_loosely(text).and_then(|known| Self::of_known(known, text)) {
            return Ok(found);
        }
        Err(UnitError(match known::nearest(text) {
            Some(near) => msg!("there is no unit `{unit}`; is `{near}` meant?", unit = text, near = near),
            None => msg!(
                "there is no unit `{unit}`; write a symbol such as `kWh`, `°C` or `m³/h`, or a UCUM code",
                unit = text
            ),
        }))
    }
}

/// From one unit to another that measures the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    factor: Scale,
    /// Added after the factor was applied.
    shift: Scale,
}

/// A converted number: exact where decimals can hold the result.
#[derive(Debug, Clone, PartialEq)]
pub enum Converted {
    /// Whole.
    Int(i64),
    /// Exact, as the text of a decimal number.
    Decimal(String),
    /// The nearest floating-point number.
    Float(f64),
}

impl Conversion {
    /// How values go from `from` to `to`.
    ///
    /// # Errors
    /// When the two do not measure the same thing.
    pub fn between(from: &Unit, to: &Unit) -> Result<Self, UnitError> {
        if !from.measures_same(to) {
            return Err(UnitError(msg!(
                "`{from}` and `{to}` do not measure the same thing, so that one cannot become the other; a coefficient is needed",
                from = from.as_str(),
                to = to.as_str()
            )));
        }
        let factor = from.measure.scale.divided_by(to.measure.scale);
        let shift = from.measure.offset.minus(to.measure.offset).divided_by(to.measure.scale);
        Ok(Self { factor, shift })
    }

    /// The conversion that multiplies by a decimal number such as `11.2`; `None` if it is none.
    #[must_use]
    pub fn by_coefficient(coefficient: &str) -> Option<Self> {
        Some(Self { factor: Scale::Exact(Ratio::decimal(coefficient)?), shift: Scale::ZERO })
    }

    /// This conversion, then another.
    #[must_use]
    pub fn then(self, next: &Self) -> Self {
        let factor = self.factor.times(next.factor);
        Self { factor, shift: self.shift.times(next.factor).plus(next.shift) }
    }

    /// Converts a number.
    #[must_use]
    pub fn apply(&self, value: Number<'_>) -> Converted {
        let exact = match value {
            Number::Int(int) => Some(Ratio::whole(int.into())),
            Number::Decimal(text) => Ratio::decimal(text),
            Number::Float(float) => {
                let mut text = String::new();
                Number::Float(float).write(&mut text);
                Ratio::decimal(&text)
            }
        };
        if let (Scale::Exact(factor), Scale::Exact(shift), Some(exact)) = (self.factor, self.shift, exact)
            && let Some(result) = exact.times(factor).and_then(|product| product.plus(shift))
        {
            let found = match (value, result.as_int(), result.to_decimal()) {
                (Number::Float(_), ..) | (_, None, None) => Converted::Float(result.to_f64()),
                (_, Some(int), _) => Converted::Int(int),
                (_, None, Some(text)) => Converted::Decimal(text),
            };
            return found;
        }
        Converted::Float(value.to_f64() * self.factor.to_f64() + self.shift.to_f64())
    }
}

impl Converted {
    /// The number rounded to so many places after the point; halves go away from zero.
    #[must_use]
    pub fn rounded(&self, places: u8) -> Self {
        let exact = match self {
            Self::Int(_) => return self.clone(),
            Self::Decimal(text) => Ratio::decimal(text),
            Self::Float(float) => {
                let mut text = String::new();
                Number::Float(*float).write(&mut text);
                Ratio::decimal(&text)
            }
        };
        let Some(rounded) = exact.and_then(|exact| exact.rounded(places)) else { return self.clone() };
        match (rounded.as_int(), rounded.to_decimal()) {
            (Some(int), _) => Self::Int(int),
            (None, Some(text)) => Self::Decimal(text),
            (None, None) => self.clone(),
        }
    }

    /// Writes the number to a batch.
    pub fn write(&self, out: &mut BatchBuilder) {
        match self {
            Self::Int(int) => out.int(*int),
            Self::Decimal(text) => out.decimal(text),
            Self::Float(float) => out.float(*float),
        }
    }

    /// The nearest floating-point number.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(int) => Number::Int(*int).to_f64(),
            Self::Decimal(text) => Number::Decimal(text).to_f64(),
            Self::Float(float) => *float,
        }
    }
}

/// Converts one number between units given by name; see [`Conversion`] for many.
///
/// ```
/// use bus_core::{record::Number, units::{Converted, convert}};
/// assert_eq!(convert(Number::Decimal("12.5"), "kWh", "J"), Ok(Converted::Int(45_000_000)));
/// assert_eq!(convert(Number::Int(20), "°C", "°F"), Ok(Converted::Int(68)));
/// assert!(convert(Number::Int(1), "m³", "kWh").is_err());
/// ```
///
/// # Errors
/// When a unit is unknown, or the two do not measure the same thing.
pub fn convert(value: Number<'_>, from: &str, to: &str) -> Result<Converted, UnitError> {
    Ok(Conversion::between(&from.parse()?, &to.parse()?)?.apply(value))
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.text
    }
}

impl JsonSchema for Unit {
    fn schema_name() -> Cow<'static, str> {
        "Unit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["kWh", "°C", "m³/h"] })
    }
}
