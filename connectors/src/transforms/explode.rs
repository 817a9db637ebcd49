//! Makes a record of each item of a list.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::rewrite,
        pair::{Conflict, Pairing, Placement},
    },
};
use bus_core::{
    error::StepError,
    path::FieldPath,
    record::{Batch, BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Explode>("explode");

/// # Explode
///
/// Makes a record of each item of a list: the item takes the place of the list, the other fields are repeated. A value that is no list counts as a list of one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "list-tree", "x-group" = "rows"))]
struct Explode {
    /// # Field
    ///
    /// The list.
    #[schemars(extend("examples" = ["connectors"]))]
    field: FieldPath,
    /// # Number
    ///
    /// The name of a field that gets the place of the item in the list, from 1.
    #[serde(default)]
    number: Option<String>,
    /// # Keep records without items
    ///
    /// Keeps a record, without the field, whose list is empty, null or missing.
    #[serde(default)]
    keep_empty: bool,
    /// # Fields of the items
    ///
    /// Where the fields of items that are objects go: `flat` puts them beside the others, `prefix` with a text before their names. If nothing is said, the item stays in the field of the list.
    #[serde(default)]
    place: Option<Placement>,
    /// # Fields of the same name
    ///
    /// What happens when the item has a field that the record has too.
    #[serde(default)]
    conflict: Conflict,
}

impl Transform for Explode {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut emitter = Emitter::default();
        let pairing = self.place.clone().map(|placement| Pairing {
            placement,
            conflict: self.conflict,
            shared: Vec::new(),
        });
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                match self.field.get(record) {
                    Some(Value::List(list)) if !list.is_empty() => {
                        for (number, item) in (1..).zip(list.iter()) {
                            self.write((record, item, number), pairing.as_ref(), emitter.builder());
                            emitter.flow_from(row, &mut out).await?;
                        }
                    }
                    None | Some(Value::Null | Value::List(_)) => {
                        if self.keep_empty {
                            rewrite(emitter.builder(), record, &self.field, &mut BatchBuilder::absent);
                        }
                    }
                    Some(item) => self.write((record, item, 1), pairing.as_ref(), emitter.builder()),
                }
                emitter.flow_from(row, &mut out).await?;
            }
        }
        emitter.flush(&mut out).await
    }
}

impl Explode {
    fn write(
        &self,
        (record, item, number): (Value<'_>, Value<'_>, i64),
        pairing: Option<&Pairing>,
        out: &mut BatchBuilder,
    ) {
        let pairing = pairing.filter(|_| item.as_object().is_some());
        if pairing.is_none() && self.number.is_none() {
            return rewrite(out, record, &self.field, &mut |out| out.copy(item));
        }
        let mut step = BatchBuilder::new();
        match pairing {
            Some(pairing) => {
                rewrite(&mut step, record, &self.field, &mut BatchBuilder::absent);
                let rest = step.take();
                pairing.write(Some(rest.record(0)), Some(item), &mut step);
            }
            None => rewrite(&mut step, record, &self.field, &mut |out| out.copy(item)),
        }
        let made: Batch = step.take();
        match &self.number {
            Some(name) => {
                rewrite(out, made.record(0), &FieldPath::of_key(name), &mut |out| out.int(number));
            }
            None => out.copy(made.record(0)),
        }
    }
}
