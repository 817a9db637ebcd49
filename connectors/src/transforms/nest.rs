//! Groups children under a parent.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, readers},
        lookup::numbered,
        order::write_key,
        settings::{at_least_one, not_empty},
        spill::{Disk, Sorter},
    },
};
use bus_core::{
    error::StepError,
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Nest>("nest");

/// # Nest
///
/// Makes one record of all that have the same values in some fields: these fields stay, the others go into a list, an object for each record. It undoes Explode.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "list-collapse", "x-group" = "combine"))]
struct Nest {
    /// # Group by
    ///
    /// The fields that stay in the record.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [["station"]]))]
    by: Vec<FieldPath>,
    /// # List
    ///
    /// The name of the field that gets the list.
    #[serde(deserialize_with = "not_empty")]
    #[schemars(extend("examples" = ["connectors"]))]
    into: String,
}

impl Transform for Nest {
    const REGROUPS: bool = true;

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut fields = readers(&self.by);
        let (disk, memory) = (Disk::of(&context), context.limits().step_memory / 2);
        let mut sorter = Sorter::new(&disk, memory);
        let mut emitter = Emitter::default();
        let mut number = 0;
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            put_aside(&mut sorter, &batch, &mut fields, &mut number)?;
        }
        let mut sorted = sorter.finish()?;
        let mut groups = Sorter::new(&disk, memory);
        let mut more = sorted.advance()?;
        while more {
            let key = sorted.key().to_vec();
            let mut children = BatchBuilder::new();
            let mut parent = Batch::default();
            let mut first = 0;
            while more && sorted.key() == key {
                if let Some((number, record)) = numbered(sorted.record()) {
                    if parent.is_empty() {
                        first = number;
                        parent = self.parent(record, &mut fields);
                    }
                    self.child(record, &mut children);
                }
                if children.size() > context.limits().record_bytes {
                    return Err(StepError::data(msg!(
                        "the list of one group is longer than the {limit} bytes a record may have (limit `record_bytes`): group by more fields",
                        limit = context.limits().record_bytes
                    )));
                }
                more = sorted.advance()?;
            }
            let children = children.take();
            groups.push_with(&first.to_be_bytes(), |out| self.write(parent.record(0), &children, out))?;
        }
        let mut sorted = groups.finish()?;
        while sorted.advance()? {
            emitter.builder().copy(sorted.record());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

fn put_aside(
    sorter: &mut Sorter,
    batch: &Batch,
    fields: &mut [Field],
    number: &mut i64,
) -> Result<(), StepError> {
    let mut key = Vec::new();
    for record in batch.records() {
        key.clear();
        fields.iter_mut().for_each(|field| write_key(field.get(record), &mut key));
        *number += 1;
        let number = *number;
        sorter.push_with(&key, |out| {
            out.begin_list();
            out.int(number);
            out.copy(record);
            out.end();
        })?;
    }
    Ok(())
}

impl Nest {
    fn parent(&self, record: Value<'_>, fields: &mut [Field]) -> Batch {
        let mut out = BatchBuilder::new();
        out.begin_object();
        for field in fields {
            let name = field.name();
            if let Some(value) = field.get(record)
                && *name != *self.into
                && out.key(&name).is_ok()
            {
                out.copy(value);
            }
        }
        out.end();
        out.take()
    }

    fn child(&self, record: Value<'_>, out: &mut BatchBuilder) {
        let Some(object) = record.as_object() else { return out.copy(record) };
        out.begin_object();
        for (key, value) in object.iter() {
            if !self.by.iter().any(|field| field.as_key() == Some(key)) && out.key(key).is_ok() {
                out.copy(value);
            }
        }
        out.end();
    }

    fn write(&self, parent: Value<'_>, children: &Batch, out: &mut BatchBuilder) {
        out.begin_object();
        for (key, value) in parent.as_object().into_iter().flat_map(|parent| parent.iter()) {
            if out.key(key).is_ok() {
                out.copy(value);
            }
        }
        if out.key(&self.into).is_ok() {
            out.begin_list();
            children.records().for_each(|child| out.copy(child));
            out.end();
        }
        out.end();
    }
}
