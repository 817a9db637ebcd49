//! Values in another unit.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::{Editor, Otherwise, target},
};
use bus_core::{
    Message,
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Number, Value},
    units::{Conversion, Unit},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Units>("units");

/// # Units
///
/// Converts measured values to another unit: `kWh` to `J`, `°F` to `°C`, `l/min` to `m³/h`.
///
/// Conversions are exact wherever decimal numbers can hold the result. Values that measure different things
/// (gas in m³ and energy in kWh) are converted only with a coefficient.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "ruler", "x-group" = "fields"))]
struct Units {
    /// # Values
    ///
    /// The fields to convert.
    values: Vec<Measured>,
}

/// One field with measured values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Measured {
    /// # Field
    ///
    /// The field that holds the value: a number, or text such as `12,5` or `12 kWh`.
    field: FieldPath,
    /// # Into
    ///
    /// Where the result goes. If empty, it replaces the value.
    #[serde(default)]
    into: Option<FieldPath>,
    /// # Unit
    ///
    /// The unit of the values, such as `kWh`, `°C` or `m³/h`.
    #[serde(default)]
    from: Option<Unit>,
    /// # Field of the unit
    ///
    /// The field that holds the unit of each value. It is changed with the value, if that is replaced.
    #[serde(default)]
    unit_field: Option<FieldPath>,
    /// # To
    ///
    /// The unit to convert to.
    to: Unit,
    /// # Coefficient
    ///
    /// How many of the new unit one of the old unit is, where the two measure different things: for gas, the
    /// kWh of one m³ on the bill (about 11).
    #[serde(default)]
    #[schemars(range(min = 0))]
    coefficient: Option<serde_json::Number>,
    /// # Decimals
    ///
    /// Rounds the result to so many places after the point. If empty, nothing is rounded.
    #[serde(default)]
    #[schemars(range(max = 15))]
    decimals: Option<u8>,
    /// # Otherwise
    ///
    /// What happens to a value that cannot be converted.
    #[serde(default)]
    otherwise: Otherwise,
}

impl Transform for Units {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut targets = Vec::new();
        let mut converters = Vec::new();
        for value in self.values {
            targets.push(target(&value.field, value.into.as_ref())?);
            converters.push(Converter::new(value)?);
        }
        // units go where they came from, after all values
        let with_unit: Vec<usize> = converters
            .iter()
            .enumerate()
            .filter(|(_, converter)| converter.set.into.is_none() && converter.set.unit_field.is_some())
            .map(|(number, _)| number)
            .collect();
        for number in &with_unit {
            targets.extend(converters.get(*number).and_then(|converter| converter.set.unit_field.clone()));
        }
        let mut editor = Editor::new(targets);
        while let Some(batch) = inputs.next().await {
            let change = |number: usize, record: Value<'_>, values: &mut BatchBuilder| {
                let count = converters.len();
                match converters.get_mut(number) {
                    Some(converter) => converter.change(record, values),
                    None => {
                        let of = number.checked_sub(count).and_then(|place| with_unit.get(place));
                        match of.and_then(|of| converters.get(*of)) {
                            Some(converter) if converter.converted => values.text(converter.set.to.as_str()),
                            _ => values.absent(),
                        }
                        Ok(())
                    }
                }
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

struct Converter {
    set: Measured,
    coefficient: Option<Conversion>,
    /// From the unit seen last.
    last: Option<(String, Conversion)>,
    /// Whether the value of the record at hand was converted.
    converted: bool,
}

impl Converter {
    fn new(set: Measured) -> Result<Self, StepError> {
        if set.coefficient.is_some() && set.from.is_none() {
            return Err(StepError::settings(msg!("a coefficient needs the unit it is for; fill in `from`")));
        }
        let coefficient = match &set.coefficient {
            Some(number) => Some(Conversion::by_coefficient(&number.to_string()).ok_or_else(|| {
                StepError::settings(msg!(
                    "{number} is too long for a coefficient",
                    number = number.to_string()
                ))
            })?),
            None => None,
        };
        if set.coefficient.is_none()
            && let Some(from) = &set.from
        {
            Conversion::between(from, &set.to).map_err(|error| StepError::settings(error.into()))?;
        }
        Ok(Self { set, coefficient, last: None, converted: false })
    }

    fn change(&mut self, record: Value<'_>, out: &mut BatchBuilder) -> Result<(), Reject> {
        self.converted = false;
        let value = match self.set.field.get(record) {
            None => {
                out.absent();
                return Ok(());
            }
            Some(value @ (Value::Null | Value::Masked(_))) => {
                out.copy(value);
                return Ok(());
            }
            Some(value) => value,
        };
        match self.convert(record, value, out) {
            Ok(()) => {
                self.converted = true;
                Ok(())
            }
            Err(problem) => self.set.otherwise.write(&self.set.field, value, problem, out),
        }
    }

    fn convert(
        &mut self,
        record: Value<'_>,
        value: Value<'_>,
        out: &mut BatchBuilder,
    ) -> Result<(), Message> {
        let (number, written_unit) = match value {
            Value::Text(text) => split_quantity(text)?,
            _ => {
                let mut text = String::new();
                if value.as_number().is_none() || !value.write_plain(&mut text) {
                    return Err(msg!("a {kind} is no measured value", kind = value.kind()));
                }
                (text, None)
            }
        };
        let unit = match (written_unit, &self.set.unit_field) {
            (Some(unit), _) => unit,
            (None, Some(field)) => match field.get(record) {
                Some(Value::Text(unit)) if !unit.trim().is_empty() => unit.trim().to_owned(),
                _ => self.set.from.as_ref().map(|unit| unit.as_str().to_owned()).unwrap_or_default(),
            },
            (None, None) => self.set.from.as_ref().map(|unit| unit.as_str().to_owned()).unwrap_or_default(),
        };
        if unit.is_empty() {
            return Err(msg!("the value has no unit; say which it is in"));
        }
        let conversion = self.conversion(&unit)?;
        let as_number = match value.as_number() {
            Some(number) => number,
            None => Number::Decimal(&number),
        };
        let result = conversion.apply(as_number);
        match self.set.decimals {
            Some(decimals) => result.rounded(decimals).write(out),
            None => result.write(out),
        }
        Ok(())
    }

    fn conversion(&mut self, unit: &str) -> Result<&Conversion, Message> {
        let known = self.last.as_ref().is_some_and(|(last, _)| last == unit);
        if !known {
            let from: Unit = unit.parse().map_err(Message::from)?;
            let between = match (Conversion::between(&from, &self.set.to), &self.coefficient, &self.set.from)
            {
                (Ok(conversion), ..) => conversion,
                // a coefficient is for the unit of the setting; others of its kind are brought to it first
                (Err(_), Some(coefficient), Some(usual)) => {
                    Conversion::between(&from, usual).map_err(Message::from)?.then(coefficient)
                }
                (Err(problem), ..) => return Err(problem.into()),
            };
            self.last = Some((unit.to_owned(), between));
        }
        match &self.last {
            Some((_, conversion)) => Ok(conversion),
            None => Err(msg!("the value has no unit; say which it is in")),
        }
    }
}

/// `12,5 kWh` as the number `12.5` and the unit.
fn split_quantity(text: &str) -> Result<(String, Option<String>), Message> {
    let found = bus_core::numbers::quantity(text);
    let (number, unit) = found.ok_or_else(|| msg!("`{value}` is no measured value", value = text))?;
    Ok((number, (!unit.is_empty()).then(|| unit.to_owned())))
}
