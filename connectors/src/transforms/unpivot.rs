//! Turns columns into records.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{fields_of, put_fields},
    },
};
use bus_core::{
    error::StepError,
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Unpivot>("unpivot");

/// # Unpivot
///
/// Makes a record of each of some fields, with the name of the field and its value: a table with a column for each year becomes one with a row for each year. The other fields are repeated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "rows-3", "x-group" = "rows"))]
struct Unpivot {
    /// # Fields
    ///
    /// The fields that become records; all that are not kept, if none are named.
    #[serde(default)]
    #[schemars(extend("examples" = [["2024", "2025", "2026"]]))]
    fields: Vec<FieldPath>,
    /// # Keep
    ///
    /// The fields that are repeated; all others, if none are named.
    #[serde(default)]
    keep: Vec<FieldPath>,
    /// # Name
    ///
    /// The field that gets the name.
    #[serde(default = "name")]
    name: String,
    /// # Value
    ///
    /// The field that gets the value.
    #[serde(default = "value")]
    value: String,
    /// # Null values
    ///
    /// Makes records of fields that are null, too; missing ones make none.
    #[serde(default)]
    nulls: bool,
}

fn name() -> String {
    "name".to_owned()
}

fn value() -> String {
    "value".to_owned()
}

impl Transform for Unpivot {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        self.check()?;
        let mut emitter = Emitter::default();
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for record in batch.records() {
                let Some(object) = record.as_object() else {
                    emitter.builder().copy(record);
                    continue;
                };
                for (key, cell) in fields_of(object) {
                    let is_null = matches!(object.batch().resolve(cell), Some(Value::Null));
                    if cell.is_absent() || !self.turns(key) || (is_null && !self.nulls) {
                        continue;
                    }
                    let builder = emitter.builder();
                    builder.begin_object();
                    put_fields(builder, object, |key| {
                        !self.keeps(key) || key == self.name || key == self.value
                    });
                    self.pair(key, builder);
                    builder.put(object.batch(), cell);
                    builder.end();
                    emitter.flow(&mut out).await?;
                }
            }
        }
        emitter.flush(&mut out).await
    }
}

impl Unpivot {
    /// What cannot be seen in one setting alone.
    fn check(&self) -> Result<(), StepError> {
        if self.fields.is_empty() && self.keep.is_empty() {
            return Err(StepError::settings(msg!("name the fields that become records, or those to keep")));
        }
        if let Some(nested) = self.fields.iter().chain(&self.keep).find(|path| path.as_key().is_none()) {
            return Err(StepError::settings(msg!(
                "`{field}` is inside another field: flatten the records first",
                field = nested.to_string()
            )));
        }
        if self.name == self.value {
            return Err(StepError::settings(msg!(
                "two results are called `{name}`: give one of them another name",
                name = &self.name
            )));
        }
        Ok(())
    }

    fn turns(&self, key: &str) -> bool {
        if self.fields.is_empty() { !named(&self.keep, key) } else { named(&self.fields, key) }
    }

    fn keeps(&self, key: &str) -> bool {
        if self.keep.is_empty() { !named(&self.fields, key) } else { named(&self.keep, key) }
    }

    fn pair(&self, key: &str, out: &mut BatchBuilder) {
        if out.key(&self.name).is_ok() {
            out.text(key);
        }
        // the two names differ and no kept field has one of them: this opens the value
        if out.key(&self.value).is_err() {
            out.null();
        }
    }
}

fn named(paths: &[FieldPath], key: &str) -> bool {
    paths.iter().any(|path| path.as_key() == Some(key))
}
