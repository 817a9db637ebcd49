//! Made-up records.

use crate::contract::{Connector, Context, Outputs, Reading, Source};
use bus_core::{
    Message,
    error::StepError,
    msg,
    record::{BatchBuilder, Shape, Timestamp},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::{
    borrow::Cow,
    num::NonZeroU32,
    time::{Duration, Instant},
};

pub(crate) static CONNECTOR: Connector = Connector::source::<Generator>("generator");

/// # Generator
///
/// Makes up records: to try a workflow, to measure it, to fill a table for a demonstration.
///
/// The same seed makes the same records each time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "dices", "x-group" = "input"))]
struct Generator {
    /// # Records
    ///
    /// How many records to make.
    #[serde(default = "thousand")]
    records: u64,
    /// # Fields
    ///
    /// The fields of each record.
    fields: Vec<Field>,
    /// # Seed
    ///
    /// Where chance begins: another seed makes other records.
    #[serde(default)]
    seed: u64,
    /// # Records a second
    ///
    /// If given, the records come at this pace instead of all at once.
    #[serde(default)]
    per_second: Option<NonZeroU32>,
}

const fn thousand() -> u64 {
    1_000
}

/// A field that is made up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Field {
    /// # Name
    ///
    /// The name of the field.
    name: String,
    /// # Values
    ///
    /// What stands in it.
    values: Values,
}

/// What stands in a field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Values {
    /// # Sequence
    Sequence(Sequence),
    /// # Whole numbers
    Integer(Integers),
    /// # Numbers
    Number(Numbers),
    /// # One of several texts
    Choice(Choice),
    /// # Times
    Time(Times),
    /// # True or false
    Boolean,
}

/// Numbers that count up (or down).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sequence {
    /// # First
    ///
    /// The first number.
    #[serde(default)]
    start: i64,
    /// # Step
    ///
    /// From one number to the next.
    #[serde(default = "one")]
    step: i64,
}

const fn one() -> i64 {
    1
}

/// Whole numbers by chance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "WrittenIntegers")]
#[schemars(with = "WrittenIntegers")]
struct Integers {
    least: i64,
    /// How many numbers there are, less one: all of them fit.
    span: u64,
}

/// Whole numbers by chance, as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenIntegers {
    /// # Least
    ///
    /// The least number there may be.
    least: i64,
    /// # Most
    ///
    /// The greatest number there may be.
    most: i64,
}

impl TryFrom<WrittenIntegers> for Integers {
    type Error = Message;

    fn try_from(written: WrittenIntegers) -> Result<Self, Message> {
        if written.least > written.most {
            return Err(msg!(
                "the least number {least} is greater than {most}",
                least = written.least,
                most = written.most
            ));
        }
        Ok(Self { least: written.least, span: written.most.abs_diff(written.least) })
    }
}

/// Numbers by chance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Numbers {
    /// # Least
    ///
    /// The least number there may be.
    #[serde(default)]
    least: f64,
    /// # Most
    ///
    /// The greatest number there may be.
    #[serde(default = "whole")]
    most: f64,
    /// # Decimals
    ///
    /// How many digits follow the decimal point.
    #[serde(default = "two")]
    decimals: u8,
}

const fn whole() -> f64 {
    1.0
}

const fn two() -> u8 {
    2
}

/// One of several texts, by chance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// # Texts
    ///
    /// The texts to choose from.
    from: Vec<String>,
}

/// Times that follow each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Times {
    /// # First
    ///
    /// The first time.
    start: Moment,
    /// # Seconds
    ///
    /// From one time to the next.
    #[serde(default = "minute")]
    seconds: i64,
}

const fn minute() -> i64 {
    60
}

/// A time as typed in a form.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Moment(Timestamp);

impl TryFrom<String> for Moment {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        let time = Timestamp::parse(&text);
        time.map(Self).ok_or_else(|| msg!("`{text}` is not a time such as 2026-03-28T06:00:00Z", text = text))
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["2026-03-28T06:00:00Z"] })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl Source for Generator {
    async fn read(self, mut out: Outputs, context: Context) -> Result<Reading, StepError> {
        // the same settings make the same records
        if context.remembered().is_some() {
            return Ok(Reading::Unchanged);
        }
        let shape = Shape::of(self.fields.iter().map(|field| field.name.as_str()));
        let (mut builder, began) = (BatchBuilder::new(), Instant::now());
        for number in 0..self.records {
            builder.begin_shaped(&shape);
            for (place, field) in (0..).zip(&self.fields) {
                field.values.write(Chance { seed: self.seed, number, place }, &mut builder);
            }
            builder.end();
            if let Some(pace) = self.per_second {
                wait(began, number, pace, &context).await?;
                out.send(builder.take()).await?;
            } else if builder.is_full() {
                out.send(builder.take()).await?;
            }
            if out.is_done() {
                return Ok(Reading::Complete);
            }
        }
        out.send(builder.take()).await?;
        context.remember(true.into());
        Ok(Reading::Complete)
    }
}

/// Waits until it is time for a record.
async fn wait(began: Instant, number: u64, pace: NonZeroU32, context: &Context) -> Result<(), StepError> {
    let due = Duration::from_nanos(number.saturating_mul(1_000_000_000 / u64::from(pace.get())));
    tokio::select! {
        () = tokio::time::sleep_until((began + due).into()) => Ok(()),
        () = context.cancellation().cancelled_owned() => Err(StepError::cancelled()),
    }
}

/// Where chance stands: it depends on the place alone, so that records do not depend on what was made before.
#[derive(Clone, Copy)]
struct Chance {
    seed: u64,
    number: u64,
    place: u64,
}

impl Chance {
    /// 64 bits (SplitMix64, Steele et al. 2014).
    const fn bits(self) -> u64 {
        let mixed = mix(self.seed ^ mix(self.place.wrapping_add(1)));
        mix(mixed.wrapping_add(self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number from 0 (included) to 1 (not).
    #[expect(clippy::cast_precision_loss, reason = "the upper 53 bits are a number")]
    const fn share(self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Values {
    fn write(&self, chance: Chance, out: &mut BatchBuilder) {
        let number = i64::try_from(chance.number).unwrap_or(i64::MAX);
        match self {
            Self::Sequence(sequence) => {
                out.int(sequence.start.wrapping_add(sequence.step.wrapping_mul(number)));
            }
            Self::Integer(integers) => {
                // the upper half of a product spreads evenly (Lemire 2019)
                let product = u128::from(chance.bits()) * (u128::from(integers.span) + 1);
                let above = u64::try_from(product >> 64).unwrap_or(integers.span);
                out.int(integers.least.wrapping_add_unsigned(above));
            }
            Self::Number(numbers) => {
                let value = numbers.least + chance.share() * (numbers.most - numbers.least);
                out.decimal(&format!("{value:.*}", usize::from(numbers.decimals.min(17))));
            }
            Self::Choice(choice) => {
                let count = choice.from.len() as u64;
                let place = (u128::from(chance.bits()) * u128::from(count)) >> 64;
                match usize::try_from(place).ok().and_then(|place| choice.from.get(place)) {
                    Some(text) => out.text(text),
                    None => out.null(),
                }
            }
            Self::Time(times) => {
                let start = times.start.0;
                let later = times.seconds.saturating_mul(1_000_000).saturating_mul(number);
                let micros = start.micros().saturating_add(later);
                out.time(match start.offset() {
                    Some(offset) => Timestamp::at(micros, offset, start.precision()),
                    None => Timestamp::local(micros, start.precision()),
                });
            }
            Self::Boolean => out.bool(chance.bits() >> 63 == 1),
        }
    }
}
