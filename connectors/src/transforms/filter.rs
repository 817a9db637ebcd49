//! Lets records through that meet a condition.

use crate::contract::{Connector, Context, Inputs, Outputs, Transform};
use bus_core::{
    Message,
    catalogue::OUT,
    error::StepError,
    expression::{Evaluator, Expression, Scope},
    msg,
    path::FieldPath,
    record::{Batch, Number, Timestamp, Value},
    text::{lower, plain},
};
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::{borrow::Cow, cmp::Ordering, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Filter>("filter");

/// # Filter
///
/// Lets the records through that meet a condition; the others leave by the port `else`. The condition is
/// an expression or a list of simple conditions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "filter", "x-group" = "rows"))]
struct Settings {
    /// # Expression
    ///
    /// What must be true of a record, such as `power > 22 && startsWith(postal_code, "75")`.
    #[schemars(extend("examples" = ["power > 22.0"]))]
    expression: Option<Expression>,
    /// # Conditions
    ///
    /// Simple conditions, for those who write no expressions.
    #[serde(default)]
    conditions: Vec<Condition>,
    /// # Which conditions
    ///
    /// Whether a record must meet all conditions or any of them.
    #[serde(default)]
    combine: Combine,
    /// # Without an answer
    ///
    /// What becomes of records for which the expression is neither true nor false, because a field is missing
    /// or of another kind.
    #[serde(default)]
    on_error: OnError,
}

/// # Condition
///
/// What must be true of one field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Condition {
    /// # Field
    ///
    /// The field to look at.
    field: FieldPath,
    /// # Comparison
    ///
    /// How the field is compared with the value.
    is: Operator,
    /// # Value
    ///
    /// What the field is compared with: text, a number or a date. For *one of*, several separated by commas.
    #[serde(default)]
    value: Scalar,
    /// # Ignore case and accents
    ///
    /// Whether `ORLEANS` is the same as `Orléans`.
    #[serde(default)]
    ignore_case: bool,
}

/// # Comparison
///
/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Operator {
    /// # equal to
    Equal,
    /// # not equal to
    NotEqual,
    /// # less than
    Less,
    /// # at most
    AtMost,
    /// # greater than
    Greater,
    /// # at least
    AtLeast,
    /// # containing
    Containing,
    /// # not containing
    NotContaining,
    /// # starting with
    StartingWith,
    /// # ending with
    EndingWith,
    /// # matching the regular expression
    Matching,
    /// # one of
    OneOf,
    /// # none of
    NoneOf,
    /// # present (neither absent, null nor empty)
    Present,
    /// # absent, null or empty
    Empty,
    /// # masked
    Masked,
}

/// # Which conditions
///
/// Whether all conditions must be met or any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Combine {
    /// # All of them
    #[default]
    All,
    /// # Any of them
    Any,
}

/// # Without an answer
///
/// What becomes of records for which the expression has no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum OnError {
    /// # Refuse the record
    ///
    /// The record goes to the errors, with the reason.
    #[default]
    Reject,
    /// # As if false
    ///
    /// The record leaves by the port `else`.
    Else,
    /// # As if true
    ///
    /// The record goes through.
    Keep,
}

/// A scalar of the settings, as text.
#[derive(Debug, Default)]
struct Scalar(String);

/// The settings, checked against each other.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Settings")]
struct Filter {
    test: Test,
    on_error: OnError,
}

#[derive(Debug)]
enum Test {
    Expression(Expression),
    Conditions(Vec<Check>, Combine),
}

/// A condition made ready.
#[derive(Debug)]
struct Check {
    field: FieldPath,
    operator: Operator,
    wanted: Vec<Wanted>,
    pattern: Option<Regex>,
    ignore_case: bool,
}

/// A value to compare with, read as everything it may be.
#[derive(Debug)]
struct Wanted {
    text: String,
    number: Option<f64>,
    time: Option<Timestamp>,
}

impl TryFrom<Settings> for Filter {
    type Error = Message;

    fn try_from(settings: Settings) -> Result<Self, Message> {
        let test = match (settings.expression, settings.conditions) {
            (Some(expression), conditions) if conditions.is_empty() => Test::Expression(expression),
            (None, conditions) if !conditions.is_empty() => {
                let checks = conditions.into_iter().map(Check::new).collect::<Result<_, _>>()?;
                Test::Conditions(checks, settings.combine)
            }
            _ => return Err(msg!("give either an expression or conditions")),
        };
        Ok(Self { test, on_error: settings.on_error })
    }
}

impl Check {
    fn new(condition: Condition) -> Result<Self, Message> {
        let Condition { field, is: operator, value: Scalar(value), ignore_case } = condition;
        let needless = matches!(operator, Operator::Present | Operator::Empty | Operator::Masked);
        if value.is_empty() && !needless && !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return Err(msg!("the condition on `{field}` needs a value", field = field.to_string()));
        }
        let pattern = if operator == Operator::Matching {
            let regex = RegexBuilder::new(&value).case_insensitive(ignore_case).size_limit(1 << 20).build();
            Some(regex.map_err(|error| {
                msg!(
                    "`{pattern}` is not a regular expression: {reason}",
                    pattern = value.as_str(),
                    reason = error.to_string()
                )
            })?)
        } else {
            None
        };
        let several = matches!(operator, Operator::OneOf | Operator::NoneOf);
        let values = if several { value.split(',').map(str::trim).collect() } else { vec![value.as_str()] };
        let wanted = values.into_iter().map(|text| Wanted::new(text, ignore_case)).collect();
        Ok(Self { field, operator, wanted, pattern, ignore_case })
    }

    fn holds(&self, record: Value<'_>) -> bool {
        let value = self.field.get(record);
        match self.operator {
            Operator::Present => return !is_empty(value),
            Operator::Empty => return is_empty(value),
            Operator::Masked => return matches!(value, Some(Value::Masked(_))),
            _ => {}
        }
        let value = value.unwrap_or(Value::Null);
        let first = self.wanted.first();
        let order = |accept: fn(Ordering) -> bool| {
            first.and_then(|wanted| self.order(value, wanted)).is_some_and(accept)
        };
        let text = |accept: fn(&str, &str) -> bool| {
            first.is_some_and(|wanted| self.text(value).is_some_and(|text| accept(&text, &wanted.text)))
        };
        match self.operator {
            Operator::Equal | Operator::OneOf => self.wanted.iter().any(|wanted| self.same(value, wanted)),
            Operator::NotEqual | Operator::NoneOf => {
                !self.wanted.iter().any(|wanted| self.same(value, wanted))
            }
            Operator::Less => order(Ordering::is_lt),
            Operator::AtMost => order(Ordering::is_le),
            Operator::Greater => order(Ordering::is_gt),
            Operator::AtLeast => order(Ordering::is_ge),
            Operator::Containing => text(|text, part| text.contains(part)),
            Operator::NotContaining => !text(|text, part| text.contains(part)),
            Operator::StartingWith => text(|text, start| text.starts_with(start)),
            Operator::EndingWith => text(|text, end| text.ends_with(end)),
            Operator::Matching => self.pattern.as_ref().is_some_and(|pattern| {
                let mut text = String::new();
                value.write_plain(&mut text) && pattern.is_match(&text)
            }),
            Operator::Present | Operator::Empty | Operator::Masked => false,
        }
    }

    fn same(&self, value: Value<'_>, wanted: &Wanted) -> bool {
        match (value, wanted.number, wanted.time) {
            (Value::Null, ..) => wanted.text.is_empty(),
            (Value::Time(time), _, Some(wanted)) => time == wanted,
            (value, Some(number), _) if value.as_number().is_some() => {
                value.as_number().is_some_and(|value| value.compare(Number::Float(number)).is_eq())
            }
            (value, ..) => self.text(value).is_some_and(|text| text == wanted.text),
        }
    }

    /// Numbers by value, times by time, also where they are written as text; other text by its letters.
    fn order(&self, value: Value<'_>, wanted: &Wanted) -> Option<Ordering> {
        match (value, wanted) {
            (Value::Time(time), Wanted { time: Some(wanted), .. }) => Some(time.cmp(wanted)),
            (Value::Int(_) | Value::Float(_) | Value::Decimal(_), Wanted { number: Some(wanted), .. }) => {
                Some(value.as_number()?.compare(Number::Float(*wanted)))
            }
            (Value::Text(text), Wanted { number: Some(wanted), .. }) => number(text)?.partial_cmp(wanted),
            (Value::Text(text), Wanted { time: Some(wanted), .. }) => {
                Some(Timestamp::parse(text.trim())?.cmp(wanted))
            }
            (Value::Text(_), wanted) => Some(self.text(value)?.as_ref().cmp(wanted.text.as_str())),
            _ => None,
        }
    }

    fn text<'v>(&self, value: Value<'v>) -> Option<Cow<'v, str>> {
        let text = match value {
            Value::Text(text) | Value::Decimal(text) => Cow::Borrowed(text),
            value => {
                let mut text = String::new();
                value.write_plain(&mut text).then_some(Cow::Owned(text))?
            }
        };
        Some(if self.ignore_case { Cow::Owned(fold(&text)) } else { text })
    }
}

impl Wanted {
    fn new(text: &str, ignore_case: bool) -> Self {
        Self {
            number: number(text),
            time: Timestamp::parse(text.trim()),
            text: if ignore_case { fold(text) } else { text.to_owned() },
        }
    }
}

fn fold(text: &str) -> String {
    lower(&plain(text))
}

/// A number with a decimal point or comma.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.' | ',')) {
        return None;
    }
    text.parse()
        .ok()
        .or_else(|| text.replace(',', ".").parse().ok())
        .filter(|number: &f64| number.is_finite())
}

fn is_empty(value: Option<Value<'_>>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Text(text)) => text.trim().is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        Some(_) => false,
    }
}

/// What becomes of the records of a batch, by their index.
#[derive(Default)]
struct Sorted {
    through: Vec<usize>,
    others: Vec<usize>,
}

impl Filter {
    fn sort(&self, batch: &Batch, judge: &mut Judge<'_>, out: &mut Outputs) -> Sorted {
        let mut sorted = Sorted::default();
        for (index, record) in batch.records().enumerate() {
            let holds = match (&self.test, &mut judge.evaluator) {
                (Test::Conditions(checks, Combine::All), _) => checks.iter().all(|check| check.holds(record)),
                (Test::Conditions(checks, Combine::Any), _) => checks.iter().any(|check| check.holds(record)),
                (Test::Expression(_), None) => false,
                (Test::Expression(_), Some(evaluator)) => {
                    let scope = Scope { record, parameters: judge.parameters, now: judge.now };
                    match (evaluator.test(&scope), self.on_error) {
                        (Ok(holds), _) => holds,
                        (Err(_), OnError::Keep) => true,
                        (Err(_), OnError::Else) => false,
                        (Err(error), OnError::Reject) => {
                            out.reject(record, &error.reject());
                            continue;
                        }
                    }
                }
            };
            if holds { sorted.through.push(index) } else { sorted.others.push(index) }
        }
        sorted
    }
}

/// What an expression needs beside the record.
struct Judge<'a> {
    evaluator: Option<Evaluator>,
    parameters: &'a serde_json::Map<String, serde_json::Value>,
    now: Timestamp,
}

const ELSE: &str = "else";

impl Transform for Filter {
    const OUTPUTS: &'static [&'static str] = &[OUT, ELSE];

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let evaluator = match &self.test {
            Test::Expression(expression) => Some(expression.evaluator(context.limits().expression_fuel)),
            Test::Conditions(..) => None,
        };
        let parameters = Arc::clone(context.parameters());
        let mut judge = Judge { evaluator, parameters: &parameters, now: context.now() };
        while let Some(batch) = inputs.next().await {
            let Sorted { through, others } = self.sort(&batch, &mut judge, &mut out);
            if !others.is_empty() && out.is_linked(ELSE) {
                out.send_to(ELSE, batch.clone().select(&others)).await?;
            }
            if through.is_empty() {
                continue;
            }
            out.send(if through.len() == batch.len() { batch } else { batch.select(&through) }).await?;
        }
        Ok(())
    }
}

impl JsonSchema for Filter {
    fn schema_name() -> Cow<'static, str> {
        Settings::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Settings::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Null => Ok(Self::default()),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
                Ok(Self(value.to_string()))
            }
            _ => Err(serde::de::Error::custom(msg!("a value is text, a number, true or false"))),
        }
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}
