//! Turns records into columns.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, kind_of, readers},
        order::write_key,
        owned::Owned,
        spill::{Disk, Sorted, Sorter},
        tally::{Function, Tally},
    },
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Key, Value},
};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Pivot>("pivot");

/// # Pivot
///
/// Makes one record of those that belong together, with a field for each name that comes in one field and the value of another: a row for each month becomes a column for each month. All records get all columns, in the order the names first came; null where there is no value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "columns-3", "x-group" = "combine"))]
struct Pivot {
    /// # Group by
    ///
    /// Records with the same values in these fields become one record.
    #[schemars(extend("examples" = [["city"]]))]
    by: Vec<FieldPath>,
    /// # Name
    ///
    /// The field whose values become the names of fields.
    name: FieldPath,
    /// # Value
    ///
    /// The field whose values go there.
    value: FieldPath,
    /// # Several values
    ///
    /// What to compute where several records have the same name.
    #[serde(default = "first")]
    function: Function,
    /// # Prefix
    ///
    /// Text before the new names.
    #[serde(default)]
    prefix: String,
}

const fn first() -> Function {
    Function::First
}

impl Transform for Pivot {
    const REGROUPS: bool = true;

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut table = Table::new(&self, &context);
        let mut emitter = Emitter::default();
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            table.add(&batch, &mut out)?;
        }
        let mut rows = table.rows()?;
        while rows.advance()? {
            table.write(rows.record(), emitter.builder());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

/// Cells sorted by row, then rows sorted by first appearance.
struct Table {
    by: Vec<Field>,
    name: Field,
    value: Field,
    function: Function,
    prefix: String,
    /// New names in the order they came.
    columns: Vec<Key>,
    places: FxHashMap<Key, usize>,
    most: usize,
    number: i64,
    cells: Sorter,
    disk: Disk,
    memory: usize,
}

impl Table {
    fn new(settings: &Pivot, context: &Context) -> Self {
        let (disk, memory) = (Disk::of(context), context.limits().step_memory / 2);
        Self {
            by: readers(&settings.by),
            name: Field::new(&settings.name),
            value: Field::new(&settings.value),
            function: settings.function,
            prefix: settings.prefix.clone(),
            columns: Vec::new(),
            places: FxHashMap::default(),
            most: context.limits().fields,
            number: 0,
            cells: Sorter::new(&disk, memory),
            disk,
            memory,
        }
    }

    fn add(&mut self, batch: &Batch, out: &mut Outputs) -> Result<(), StepError> {
        let mut key = Vec::new();
        for record in batch.records() {
            let column = match self.column(record) {
                Ok(column) => column,
                Err(reject) => {
                    out.reject(record, &reject);
                    continue;
                }
            };
            key.clear();
            let values: Vec<_> = self.by.iter_mut().map(|field| field.get(record)).collect();
            values.iter().for_each(|value| write_key(*value, &mut key));
            let value = self.value.get(record);
            self.number += 1;
            let number = self.number;
            self.cells.push_with(&key, |out| {
                out.begin_list();
                out.int(number);
                out.int(column);
                // an absent value is an empty list
                wrap(value, out);
                values.iter().for_each(|value| wrap(*value, out));
                out.end();
            })?;
        }
        Ok(())
    }

    /// The place of the record's column.
    fn column(&mut self, record: Value<'_>) -> Result<i64, Reject> {
        let path = self.name.path().to_string();
        let name = self.name.get(record).unwrap_or(Value::Null);
        let mut text = self.prefix.clone();
        if !name.write_plain(&mut text) {
            return Err(Reject::field(
                path,
                msg!("{kind} cannot be the name of a field", kind = kind_of(name)),
            ));
        }
        if let Some(value) = self.value.get(record)
            && self.function.needs_numbers()
            && value.as_number().is_none()
            && !matches!(value, Value::Null | Value::Masked(_))
        {
            return Err(Reject::field(
                self.value.path().to_string(),
                msg!(
                    "{function} needs numbers, this is {kind}: convert the field first",
                    function = self.function.suffix(),
                    kind = kind_of(value)
                ),
            ));
        }
        if let Some(place) = self.places.get(text.as_str()) {
            return Ok(i64::try_from(*place).unwrap_or(i64::MAX));
        }
        if self.columns.len() >= self.most {
            return Err(Reject::field(
                path,
                msg!("there are more than {limit} names already (limit `fields`)", limit = self.most),
            ));
        }
        let place = self.columns.len();
        let key = Key::from(text);
        self.places.insert(Key::clone(&key), place);
        self.columns.push(key);
        Ok(i64::try_from(place).unwrap_or(i64::MAX))
    }

    /// The rows: `[values of the group…, values of the columns…]`.
    fn rows(&mut self) -> Result<Sorted, StepError> {
        let cells = std::mem::replace(&mut self.cells, Sorter::new(&self.disk, 0));
        let mut cells = cells.finish()?;
        let mut rows = Sorter::new(&self.disk, self.memory);
        let mut more = cells.advance()?;
        while more {
            let key = cells.key().to_vec();
            let mut first = None;
            let mut group: Vec<Option<Owned>> = Vec::new();
            let mut tallies: FxHashMap<usize, Tally> = FxHashMap::default();
            while more && cells.key() == key {
                if let Some(cell) = cells.record().as_list() {
                    if let (None, Some(Value::Int(number))) = (first, cell.get(0)) {
                        first = Some(number);
                        group = cell.iter().skip(3).map(|value| unwrap(value).map(Owned::from)).collect();
                    }
                    if let (Some(Value::Int(column)), Some(value)) = (cell.get(1), cell.get(2)) {
                        let place = usize::try_from(column).unwrap_or(usize::MAX);
                        let tally = tallies.entry(place).or_insert_with(|| Tally::new(self.function));
                        tally.add(self.function, unwrap(value));
                    }
                }
                more = cells.advance()?;
            }
            let mut written = Ok(());
            rows.push_with(&first.unwrap_or(0).to_be_bytes(), |out| {
                written = self.write_row(&group, tallies, out);
            })?;
            written?;
        }
        rows.finish()
    }

    fn write_row(
        &self,
        group: &[Option<Owned>],
        mut tallies: FxHashMap<usize, Tally>,
        out: &mut BatchBuilder,
    ) -> Result<(), StepError> {
        out.begin_list();
        for value in group {
            out.begin_list();
            if let Some(value) = value {
                value.write(out);
            }
            out.end();
        }
        for place in 0..self.columns.len() {
            match tallies.remove(&place) {
                Some(tally) => match tally.masked().map(ToOwned::to_owned) {
                    // only a masked value: it stays one
                    Some(mark) if tally.is_empty() => out.masked(&mark),
                    _ => tally.write(self.function, out)?,
                },
                None => out.null(),
            }
        }
        out.end();
        Ok(())
    }

    fn write(&self, row: Value<'_>, out: &mut BatchBuilder) {
        let Some(row) = row.as_list() else { return };
        out.begin_object();
        let mut values = row.iter();
        for (field, value) in self.by.iter().zip(values.by_ref()) {
            if let Some(value) = unwrap(value)
                && out.key(&field.name()).is_ok()
            {
                out.copy(value);
            }
        }
        for (name, value) in self.columns.iter().zip(row.iter().skip(self.by.len())) {
            if out.key(name).is_ok() {
                out.copy(value);
            }
        }
        out.end();
    }
}

fn wrap(value: Option<Value<'_>>, out: &mut BatchBuilder) {
    out.begin_list();
    if let Some(value) = value {
        out.copy(value);
    }
    out.end();
}

fn unwrap(value: Value<'_>) -> Option<Value<'_>> {
    value.as_list().and_then(|value| value.get(0))
}
