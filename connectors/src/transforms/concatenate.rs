//! Joins fields to one text.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, kind_of, put_fields, readers},
        settings::{at_least_one, not_empty},
    },
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Concatenate>("concatenate");

/// # Concatenate
///
/// Writes the values of several fields into one text, with a separator between them. The items of lists are joined too. If a value is masked, so is the result.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "text-cursor-input", "x-group" = "text"))]
struct Concatenate {
    /// # Fields
    ///
    /// The values, in order.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [["street", "postcode", "city"]]))]
    fields: Vec<FieldPath>,
    /// # Into
    ///
    /// The name of the field that gets the text.
    #[serde(deserialize_with = "not_empty")]
    #[schemars(extend("examples" = ["address"]))]
    into: String,
    /// # Separator
    ///
    /// What stands between the values.
    #[serde(default = "space")]
    separator: String,
    /// # Keep the fields
    ///
    /// Keeps the fields that were joined.
    #[serde(default = "yes")]
    keep: bool,
    /// # Keep places of empty values
    ///
    /// Writes the separator also around values that are null, missing or empty.
    #[serde(default)]
    keep_empty: bool,
}

fn space() -> String {
    " ".to_owned()
}

const fn yes() -> bool {
    true
}

/// What the values make.
enum Joined {
    Text,
    Masked(String),
}

impl Transform for Concatenate {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut fields = readers(&self.fields);
        let mut emitter = Emitter::default();
        let mut text = String::new();
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                match self.join(&mut fields, record, &mut text) {
                    Ok(joined) => self.write(record, &joined, &text, emitter.builder()),
                    Err(reject) => out.reject(record, &reject),
                }
                emitter.flow_from(row, &mut out).await?;
            }
        }
        emitter.flush(&mut out).await
    }
}

impl Concatenate {
    fn join(&self, fields: &mut [Field], record: Value<'_>, text: &mut String) -> Result<Joined, Reject> {
        text.clear();
        let mut first = true;
        let mut piece = String::new();
        let mut masked = None;
        for field in fields {
            let value = field.get(record).unwrap_or(Value::Null);
            let items: Vec<Value<'_>> = match value {
                Value::List(list) => list.iter().collect(),
                other => vec![other],
            };
            for item in items {
                piece.clear();
                if let Value::Masked(mark) = item {
                    masked.get_or_insert_with(|| mark.to_owned());
                }
                if !item.is_null() && !item.write_plain(&mut piece) {
                    return Err(Reject::field(
                        field.path().to_string(),
                        msg!("this is {kind}, which has no text", kind = kind_of(item)),
                    ));
                }
                if piece.is_empty() && !self.keep_empty {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    text.push_str(&self.separator);
                }
                text.push_str(&piece);
            }
        }
        Ok(masked.map_or(Joined::Text, Joined::Masked))
    }

    fn write(&self, record: Value<'_>, joined: &Joined, text: &str, out: &mut BatchBuilder) {
        let Some(object) = record.as_object() else { return out.copy(record) };
        out.begin_object();
        put_fields(out, object, |key| {
            key == self.into || (!self.keep && self.fields.iter().any(|field| field.as_key() == Some(key)))
        });
        if out.key(&self.into).is_ok() {
            match joined {
                Joined::Text => out.text(text),
                Joined::Masked(mark) => out.masked(mark),
            }
        }
        out.end();
    }
}
