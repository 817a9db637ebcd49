//! Dates and times: read, move to a zone, cut to a slot, write.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::{Editor, Otherwise, target},
};
use bus_core::{
    Language, Message,
    error::{Reject, StepError},
    loss::{Loss, LossReport},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Precision, Timestamp, Value},
    time::{Clash, DatePattern, Hints, Numbers, Slot, Zone, parse_any, recognise},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Dates>("dates");

/// # Dates
///
/// Reads dates and times in the forms people write (`28/03/2026 14h05`, `1er janvier 2026`, `2026-W13-6`), moves
/// them between time zones, cuts them to the start of an hour, day or month, and writes them in a form of your
/// choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "calendar", "x-group" = "time"))]
struct Dates {
    /// # Fields
    ///
    /// The fields to change, each with what is known of it.
    fields: Vec<DateField>,
}

/// One field with dates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DateField {
    /// # Field
    ///
    /// The field that holds the date or time.
    field: FieldPath,
    /// # Into
    ///
    /// Where the result goes. If empty, it replaces the value.
    #[serde(default)]
    into: Option<FieldPath>,
    /// # Written as
    ///
    /// The forms the dates are written in, such as `dd/MM/yyyy HH:mm` (or `%d/%m/%Y %H:%M`); the first that fits
    /// is taken. If there is none, every French, English or ISO form is understood.
    #[serde(default)]
    patterns: Vec<DatePattern>,
    /// # Month first
    ///
    /// Whether `03/04/2026` is the 4th of March, as in the United States; if not, it is the 3rd of April.
    #[serde(default)]
    month_first: bool,
    /// # Numbers are
    ///
    /// What a plain number means. If not chosen, numbers are no dates.
    #[serde(default)]
    numbers: Option<Numbers>,
    /// # Time zone of the data
    ///
    /// The zone whose clocks show times without an offset, such as `Europe/Paris`. If empty, such times stay
    /// without a zone.
    #[serde(default)]
    zone: Option<Zone>,
    /// # When the clock is changed
    ///
    /// Which time is meant when that clock showed it twice or never.
    #[serde(default)]
    clash: Clash,
    /// # Time zone of the result
    ///
    /// The zone to show times in, such as `UTC`. If empty, they are shown as they came.
    #[serde(default)]
    to_zone: Option<Zone>,
    /// # Start of
    ///
    /// Cuts the time to the start of its `10min`, `1h`, `1 day`, `1 week`, `1 month`, `1 quarter` or `1 year`. If
    /// empty, it stays as it is.
    #[serde(default)]
    start_of: Option<Slot>,
    /// # Result
    ///
    /// What the result is.
    #[serde(default)]
    result: Output,
    /// # Form
    ///
    /// The form of a result that is text, such as `EEEE d MMMM yyyy`. If empty, the ISO form.
    #[serde(default)]
    form: Option<DatePattern>,
    /// # Language
    ///
    /// The language of the names of days and months in the result.
    #[serde(default)]
    language: Tongue,
    /// # Otherwise
    ///
    /// What happens to a value that is no date.
    #[serde(default)]
    otherwise: Otherwise,
}

/// What a date becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Output {
    /// # Time
    ///
    /// A date or time, to the precision it was given in.
    #[default]
    Time,
    /// # Date
    ///
    /// The day only.
    Date,
    /// # Text
    ///
    /// Text of the chosen form.
    Text,
    /// # Unix seconds
    ///
    /// Seconds since 1970-01-01 in universal time.
    UnixSeconds,
    /// # Unix milliseconds
    ///
    /// Milliseconds since 1970-01-01 in universal time.
    UnixMilliseconds,
}

/// The language of names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Tongue {
    /// # French
    #[default]
    Fr,
    /// # English
    En,
}

impl Transform for Dates {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let targets = self.fields.iter().map(|field| target(&field.field, field.into.as_ref()));
        let mut editor = Editor::new(targets.collect::<Result<_, _>>()?);
        let mut losses = LossReport::default();
        // the form that fitted last mostly fits again
        let mut likely: Vec<Option<DatePattern>> = vec![None; self.fields.len()];
        while let Some(batch) = inputs.next().await {
            let change = |number: usize, record: Value<'_>, values: &mut BatchBuilder| {
                let (Some(field), Some(likely)) = (self.fields.get(number), likely.get_mut(number)) else {
                    return Ok(());
                };
                field.change(record, likely, values, &mut losses)
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        context.report_losses(losses);
        Ok(())
    }
}

impl DateField {
    fn change(
        &self,
        record: Value<'_>,
        likely: &mut Option<DatePattern>,
        out: &mut BatchBuilder,
        losses: &mut LossReport,
    ) -> Result<(), Reject> {
        let value = match self.field.get(record) {
            None => {
                out.absent();
                return Ok(());
            }
            Some(value @ (Value::Null | Value::Masked(_))) => {
                out.copy(value);
                return Ok(());
            }
            Some(Value::Text(text)) if text.trim().is_empty() => {
                out.null();
                return Ok(());
            }
            Some(value) => value,
        };
        let Some((time, cut)) = self.read(value, likely) else {
            return self.otherwise.write(&self.field, value, self.unread(value), out);
        };
        if cut {
            losses.note(
                &self.field.to_string(),
                Loss::Approximated,
                "digits finer than a microsecond were cut off",
            );
        }
        match self.moved(time) {
            Ok(time) => {
                self.write(time, out);
                Ok(())
            }
            Err(problem) => self.otherwise.write(&self.field, value, problem, out),
        }
    }

    /// The time a value says, and whether digits of it were cut off.
    fn read(&self, value: Value<'_>, likely: &mut Option<DatePattern>) -> Option<(Timestamp, bool)> {
        let text = match value {
            Value::Time(time) => return Some((time, false)),
            Value::Text(text) => text.trim(),
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => {
                return Some((self.number(value)?, false));
            }
            _ => return None,
        };
        if !self.patterns.is_empty() {
            return Some((self.patterns.iter().find_map(|pattern| pattern.read(text))?, false));
        }
        if let Some(time) = likely.as_ref().and_then(|pattern| pattern.read(text)) {
            return Some((time, false));
        }
        let hints = Hints { month_first: self.month_first, numbers: self.numbers, partial: false };
        if let Some(found) = recognise(text, &hints) {
            // a form with a fraction may cut it, which has to be counted each time
            *likely =
                (!found.cut && found.time.precision() < Precision::Microsecond).then_some(found.pattern);
            return Some((found.time, found.cut));
        }
        Some((parse_any(text, &hints)?, false))
    }

    /// A number by what numbers mean, or by a pattern of digits (`yyyyMMdd`).
    fn number(&self, value: Value<'_>) -> Option<Timestamp> {
        let mut text = String::new();
        value.write_plain(&mut text);
        match self.numbers {
            Some(numbers) => numbers.read(&text),
            None => self.patterns.iter().find_map(|pattern| pattern.read(&text)),
        }
    }

    fn moved(&self, time: Timestamp) -> Result<Timestamp, Message> {
        let mut time = match &self.zone {
            Some(zone) if time.offset().is_none() => zone.place(time, self.clash).map_err(Message::from)?,
            _ => time,
        };
        if let Some(zone) = &self.to_zone {
            time = zone.show(time);
        }
        if let Some(slot) = self.start_of {
            let zone = self.to_zone.as_ref().or(self.zone.as_ref());
            time = slot.start(time, zone).ok_or_else(|| {
                msg!("{time} is beyond the years that can be held", time = time.to_string())
            })?;
        }
        Ok(time)
    }

    fn write(&self, time: Timestamp, out: &mut BatchBuilder) {
        match self.result {
            Output::Time => out.time(time),
            Output::Date => {
                let local = time.micros() + i64::from(time.offset().unwrap_or(0)) * 60_000_000;
                out.time(Timestamp::local(local - local.rem_euclid(86_400_000_000), Precision::Day));
            }
            Output::Text => match &self.form {
                Some(form) => out.text(&form.write(time, self.language.into())),
                None => out.text_with(|text| time.write(text)),
            },
            Output::UnixSeconds if time.micros() % 1_000_000 == 0 => out.int(time.micros() / 1_000_000),
            Output::UnixSeconds => {
                let (seconds, micros) =
                    (time.micros().div_euclid(1_000_000), time.micros().rem_euclid(1_000_000));
                if seconds >= 0 {
                    out.decimal(format!("{seconds}.{micros:06}").trim_end_matches('0'));
                } else {
                    let micros = time.micros().unsigned_abs();
                    let text = format!("-{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                    out.decimal(text.trim_end_matches('0'));
                }
            }
            Output::UnixMilliseconds => out.int(time.micros().div_euclid(1_000)),
        }
    }

    fn unread(&self, value: Value<'_>) -> Message {
        let mut text = String::new();
        value.write_plain(&mut text);
        match self.patterns.as_slice() {
            [] if matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_)) => {
                msg!("the number {value} is no date; choose what numbers mean", value = text)
            }
            [] => msg!("`{value}` is no date or time", value = text),
            [first, ..] => {
                msg!("`{value}` is not written as `{pattern}`", value = text, pattern = first.as_str())
            }
        }
    }
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Fr => Self::Fr,
            Tongue::En => Self::En,
        }
    }
}
