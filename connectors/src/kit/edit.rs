//! Changing chosen fields of records, sharing everything else.

use crate::contract::Outputs;
use bus_core::{
    Message,
    error::{Reject, StepError},
    msg,
    path::{FieldPath, Segment},
    record::{Batch, BatchBuilder, Cell, Object, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to a value that cannot be changed as asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Otherwise {
    /// # Refuse the record
    ///
    /// The record goes to the errors.
    #[default]
    Reject,
    /// # Nothing
    ///
    /// The field becomes empty.
    Null,
    /// # Keep
    ///
    /// The value stays as it is.
    Keep,
}

impl Otherwise {
    /// Writes what stands in place of `value`, or refuses the record.
    pub(crate) fn write(
        self,
        field: &FieldPath,
        value: Value<'_>,
        problem: Message,
        out: &mut BatchBuilder,
    ) -> Result<(), Reject> {
        match self {
            Self::Reject => return Err(Reject::field(field.to_string(), problem)),
            Self::Null => out.null(),
            Self::Keep => out.copy(value),
        }
        Ok(())
    }
}

/// Changes fields of records, batch by batch.
#[derive(Debug)]
pub(crate) struct Editor {
    targets: Vec<FieldPath>,
    /// New values: per record a list with one cell a target.
    values: BatchBuilder,
    out: BatchBuilder,
}

impl Editor {
    /// An editor that writes to these fields. One that is not there is added, with the objects around it;
    /// items of lists are changed, not added.
    pub(crate) fn new(targets: Vec<FieldPath>) -> Self {
        Self { targets, values: BatchBuilder::new(), out: BatchBuilder::new() }
    }

    /// Changes the records of a batch: `change` is asked for each target (by its number) and record and writes
    /// one value, or [`BatchBuilder::absent`] to leave the field as it is. Records it refuses go to the errors.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub(crate) async fn apply(
        &mut self,
        batch: &Batch,
        out: &mut Outputs,
        mut change: impl FnMut(usize, Value<'_>, &mut BatchBuilder) -> Result<(), Reject>,
    ) -> Result<(), StepError> {
        let mut kept = Vec::with_capacity(batch.len());
        let mut rows = Vec::with_capacity(batch.len());
        for ((row, record), cell) in batch.records().enumerate().zip(batch.rows()) {
            self.values.begin_list();
            let changed =
                (0..self.targets.len()).try_for_each(|target| change(target, record, &mut self.values));
            match changed {
                Ok(()) => {
                    self.values.end();
                    kept.push(*cell);
                    rows.push(row);
                }
                Err(reject) => {
                    self.values.abandon();
                    out.reject(record, &reject);
                }
            }
        }
        let values = self.values.take();
        for (index, cell) in kept.iter().enumerate() {
            let new = values.record(index).as_list();
            let cells = new.map(|list| list.cells()).unwrap_or_default();
            let edits: Vec<Edit<'_>> =
                self.targets.iter().zip(cells).filter_map(|(path, cell)| Edit::of(path, *cell)).collect();
            Writer { batch, values: &values, out: &mut self.out }.value(*cell, &edits);
        }
        self.out.set_context(batch.context().cloned());
        let mut edited = self.out.take();
        edited.set_places(batch.places_of(rows));
        out.send(edited).await
    }
}

/// A value on its way to its place.
#[derive(Clone, Copy)]
struct Edit<'a> {
    path: &'a [Segment],
    cell: Cell,
}

impl<'a> Edit<'a> {
    fn of(path: &'a FieldPath, cell: Cell) -> Option<Self> {
        (!cell.is_absent()).then_some(Self { path: path.segments(), cell })
    }

    /// The edit inside the field `key`, if it leads there.
    fn inside(&self, key: &str) -> Option<Self> {
        match self.path.split_first()? {
            (Segment::Key(name), rest) if **name == *key => Some(Self { path: rest, ..*self }),
            _ => None,
        }
    }
}

struct Writer<'a> {
    batch: &'a Batch,
    values: &'a Batch,
    out: &'a mut BatchBuilder,
}

impl Writer<'_> {
    fn value(&mut self, cell: Cell, edits: &[Edit<'_>]) {
        if let Some(whole) = edits.iter().rev().find(|edit| edit.path.is_empty()) {
            return self.out.put(self.values, whole.cell);
        }
        if edits.is_empty() {
            return self.out.put(self.batch, cell);
        }
        match self.batch.resolve(cell) {
            Some(Value::Object(object)) => self.object(object, edits),
            Some(Value::List(list)) => {
                self.out.begin_list();
                for (place, item) in list.cells().iter().enumerate() {
                    let inside: Vec<_> =
                        edits.iter().filter_map(|edit| at_index(edit, place, list.len())).collect();
                    self.value(*item, &inside);
                }
                self.out.end();
            }
            None | Some(Value::Null) => self.made(edits),
            Some(_) => self.out.put(self.batch, cell),
        }
    }

    fn object(&mut self, object: Object<'_>, edits: &[Edit<'_>]) {
        let shape = object.shape();
        let is_new = |edit: &&Edit<'_>| match edit.path.first() {
            Some(Segment::Key(key)) => shape.position(key).is_none(),
            _ => false,
        };
        let new: Vec<Edit<'_>> = edits.iter().filter(is_new).copied().collect();
        if new.is_empty() {
            self.out.begin_shaped(shape);
        } else {
            self.out.begin_object();
        }
        for (key, cell) in shape.keys().iter().zip(object.cells()) {
            let inside: Vec<_> = edits.iter().filter_map(|edit| edit.inside(key)).collect();
            if !new.is_empty() {
                if cell.is_absent() && inside.is_empty() {
                    continue;
                }
                // the keys of an object that was read differ
                self.key(key);
            }
            self.value(*cell, &inside);
        }
        self.added(&new);
        self.out.end();
    }

    /// Objects where there was nothing.
    fn made(&mut self, edits: &[Edit<'_>]) {
        if !edits.iter().any(|edit| matches!(edit.path.first(), Some(Segment::Key(_)))) {
            return self.out.null();
        }
        self.out.begin_object();
        self.added(edits);
        self.out.end();
    }

    /// Fields that are not there yet, each once.
    fn added(&mut self, edits: &[Edit<'_>]) {
        let mut done: Vec<&str> = Vec::new();
        for edit in edits {
            let Some(Segment::Key(key)) = edit.path.first() else { continue };
            if done.contains(&&**key) {
                continue;
            }
            done.push(key);
            self.key(key);
            let inside: Vec<_> = edits.iter().filter_map(|edit| edit.inside(key)).collect();
            self.value(Cell::ABSENT, &inside);
        }
    }

    fn key(&mut self, key: &str) {
        let named = self.out.key(key);
        debug_assert!(named.is_ok(), "each key is written once");
    }
}

fn at_index<'a>(edit: &Edit<'a>, place: usize, len: usize) -> Option<Edit<'a>> {
    let (Segment::Index(index), rest) = edit.path.split_first()? else { return None };
    let wanted = match usize::try_from(*index) {
        Ok(index) => index,
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    (wanted == place).then_some(Edit { path: rest, ..*edit })
}

/// Where a changed value goes: `into`, or back to its field.
///
/// # Errors
/// When `into` names an item of a list.
pub(crate) fn target(field: &FieldPath, into: Option<&FieldPath>) -> Result<FieldPath, StepError> {
    match into {
        Some(into) if into.segments().iter().any(|segment| matches!(segment, Segment::Index(_))) => {
            Err(StepError::settings(msg!(
                "`{path}`: a new field cannot be an item of a list; write names only, such as `a.b`",
                path = into.to_string()
            )))
        }
        Some(into) => Ok(into.clone()),
        None => Ok(field.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::batch_of;
    use serde_json::json;

    fn edited(record: &serde_json::Value, paths: &[&str]) -> serde_json::Value {
        let batch = batch_of(&json!([record]));
        let mut values = BatchBuilder::new();
        values.begin_list();
        (0..).zip(paths).for_each(|(number, _)| values.int(number));
        values.end();
        let values = values.take();
        let paths: Vec<FieldPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        let cells = values.record(0).as_list().unwrap().cells().to_vec();
        let edits: Vec<_> = paths.iter().zip(cells).filter_map(|(path, cell)| Edit::of(path, cell)).collect();
        let mut out = BatchBuilder::new();
        Writer { batch: &batch, values: &values, out: &mut out }.value(batch.rows()[0], &edits);
        out.take().record(0).to_json()
    }

    #[test]
    fn changes_and_adds() {
        assert_eq!(edited(&json!({"a": 9, "b": 8}), &["b"]), json!({"a": 9, "b": 0}));
        assert_eq!(edited(&json!({"a": 9}), &["b.c", "b.d", "a"]), json!({"a": 2, "b": {"c": 0, "d": 1}}));
        assert_eq!(edited(&json!({"a": [1, {"b": 2}]}), &["a[-1].b", "a[0]"]), json!({"a": [1, {"b": 0}]}));
        assert_eq!(edited(&json!({"a": null}), &["a.b"]), json!({"a": {"b": 0}}));
        assert_eq!(edited(&json!({"a": "text"}), &["a.b"]), json!({"a": "text"}));
    }
}
