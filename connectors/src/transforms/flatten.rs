//! Turns nested records into flat ones.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{emit::Emitter, fields::fields_of, settings::not_empty},
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    record::{BatchBuilder, BuildError, Object, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Flatten>("flatten");

/// # Flatten
///
/// Brings the fields of nested objects up to the record itself: `address: { city }` becomes `address.city`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "fold-vertical", "x-group" = "fields"))]
struct Flatten {
    /// # Separator
    ///
    /// What stands between the names.
    #[serde(default = "dot", deserialize_with = "not_empty")]
    #[schemars(extend("examples" = [".", "_"]))]
    separator: String,
    /// # Levels
    ///
    /// How many levels are brought up; all of them if nothing is said.
    #[serde(default)]
    levels: Option<usize>,
    /// # Lists
    ///
    /// What becomes of lists.
    #[serde(default)]
    lists: Lists,
}

/// What becomes of lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Lists {
    /// # Keep them
    ///
    /// A list stays the value of its field.
    #[default]
    Keep,
    /// # A field for each item
    ///
    /// Items are numbered from 0: `phones.0`, `phones.1`.
    Number,
}

fn dot() -> String {
    ".".to_owned()
}

impl Transform for Flatten {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut emitter = Emitter::default();
        let mut name = String::new();
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                if let Err(error) = self.record(record, &mut name, emitter.builder()) {
                    emitter.builder().abandon();
                    out.reject(record, &refusal(error));
                }
                emitter.flow_from(row, &mut out).await?;
            }
        }
        emitter.flush(&mut out).await
    }
}

fn refusal(error: BuildError) -> Reject {
    match error {
        BuildError::DuplicateKey(name) => Reject::field(
            name.clone(),
            msg!("two fields would be called `{name}`: choose another separator", name = name),
        ),
        BuildError::TooLarge => Reject::new(msg!("a record is larger than a batch can hold")),
    }
}

impl Flatten {
    fn record(&self, record: Value<'_>, name: &mut String, out: &mut BatchBuilder) -> Result<(), BuildError> {
        let Some(object) = record.as_object() else {
            out.copy(record);
            return Ok(());
        };
        out.begin_object();
        name.clear();
        self.fields(object, (name, self.levels.unwrap_or(usize::MAX)), out)?;
        out.end();
        Ok(())
    }

    fn fields(
        &self,
        object: Object<'_>,
        (name, levels): (&mut String, usize),
        out: &mut BatchBuilder,
    ) -> Result<(), BuildError> {
        let length = name.len();
        for (key, cell) in fields_of(object) {
            let Some(value) = object.batch().resolve(cell) else { continue };
            name.push_str(key);
            match value {
                Value::Object(_) | Value::List(_) if levels > 0 => self.value(value, (name, levels), out)?,
                _ => {
                    out.key(name)?;
                    out.put(object.batch(), cell);
                }
            }
            name.truncate(length);
        }
        Ok(())
    }

    fn value(
        &self,
        value: Value<'_>,
        (name, levels): (&mut String, usize),
        out: &mut BatchBuilder,
    ) -> Result<(), BuildError> {
        let length = name.len();
        match value {
            Value::Object(inner) if levels > 0 && inner.iter().next().is_some() => {
                name.push_str(&self.separator);
                self.fields(inner, (name, levels - 1), out)?;
            }
            Value::List(list) if levels > 0 && self.lists == Lists::Number && !list.is_empty() => {
                name.push_str(&self.separator);
                let start = name.len();
                for (number, item) in list.iter().enumerate() {
                    name.push_str(&number.to_string());
                    self.value(item, (name, levels - 1), out)?;
                    name.truncate(start);
                }
            }
            other => {
                out.key(name)?;
                out.copy(other);
            }
        }
        name.truncate(length);
        Ok(())
    }
}
