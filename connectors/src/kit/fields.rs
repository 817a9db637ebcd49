//! Reading and rewriting one field of a record, wherever it stands.

use bus_core::{
    Message, msg,
    path::{FieldPath, Segment},
    record::{Batch, BatchBuilder, Cell, Key, Object, Slot, Value},
};

/// A field to read from many records: on a table a lookup is a pointer comparison.
#[derive(Debug, Clone)]
pub struct Field {
    path: FieldPath,
    slot: Option<Slot>,
}

impl Field {
    /// The field at `path`.
    #[must_use]
    pub fn new(path: &FieldPath) -> Self {
        Self { path: path.clone(), slot: path.as_key().map(Slot::new) }
    }

    /// What stands there; `None` if the record has nothing there.
    pub fn get<'a>(&mut self, record: Value<'a>) -> Option<Value<'a>> {
        match &mut self.slot {
            Some(slot) => slot.get(record.as_object()?),
            None => self.path.get(record),
        }
    }

    /// The path, as typed.
    #[must_use]
    pub const fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The name under which the value goes out if nothing else was said: the last name of the path.
    #[must_use]
    pub fn name(&self) -> Key {
        let keys = self.path.segments().iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(Key::from(&**key)),
            Segment::Index(_) => None,
        });
        keys.unwrap_or_else(|| self.path.to_string().into())
    }
}

/// Readers of several fields.
pub fn readers<'a>(paths: impl IntoIterator<Item = &'a FieldPath>) -> Vec<Field> {
    paths.into_iter().map(Field::new).collect()
}

/// Writes `record` with another value at `path`: `write` gets the builder and writes one value, or
/// [`BatchBuilder::absent`] to leave the field out. Objects that the path needs are made; a scalar that stands in its way
/// is replaced, an index beyond the end of a list changes nothing.
pub fn rewrite(
    out: &mut BatchBuilder,
    record: Value<'_>,
    path: &FieldPath,
    write: &mut dyn FnMut(&mut BatchBuilder),
) {
    rewrite_in(out, Some(record), path.segments(), write);
}

fn rewrite_in(
    out: &mut BatchBuilder,
    value: Option<Value<'_>>,
    path: &[Segment],
    write: &mut dyn FnMut(&mut BatchBuilder),
) {
    match (path.split_first(), value) {
        (None, _) => write(out),
        (Some((Segment::Key(name), rest)), value) => {
            let object = value.and_then(Value::as_object);
            out.begin_object();
            let mut found = false;
            for (key, cell) in object.into_iter().flat_map(fields_of) {
                let here = **key == **name;
                found |= here;
                if cell.is_absent() && !here {
                    continue;
                }
                if out.key(key).is_err() {
                    continue;
                }
                match object {
                    Some(object) if here => rewrite_in(out, object.batch().resolve(cell), rest, write),
                    Some(object) => out.put(object.batch(), cell),
                    None => out.null(),
                }
            }
            if !found && out.key(name).is_ok() {
                rewrite_in(out, None, rest, write);
            }
            out.end();
        }
        (Some((Segment::Index(index), rest)), Some(Value::List(list))) => {
            let place = usize::try_from(*index)
                .ok()
                .or_else(|| list.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?));
            out.begin_list();
            for (at, cell) in list.cells().iter().enumerate() {
                if Some(at) == place {
                    rewrite_in(out, list.batch().resolve(*cell), rest, write);
                } else {
                    out.put(list.batch(), *cell);
                }
            }
            out.end();
        }
        (Some((Segment::Index(_), _)), Some(other)) => out.copy(other),
        (Some((Segment::Index(_), _)), None) => out.null(),
    }
}

/// All fields of an object with their cells, absent ones too.
pub fn fields_of<'a>(object: Object<'a>) -> impl Iterator<Item = (&'a Key, Cell)> + 'a {
    std::iter::zip(object.shape().keys(), object.cells().iter().copied())
}

/// Writes the fields of an object into the object that is open in `out`, but those that `skip` names.
pub fn put_fields(out: &mut BatchBuilder, object: Object<'_>, mut skip: impl FnMut(&str) -> bool) {
    let batch: &Batch = object.batch();
    for (key, cell) in fields_of(object) {
        // a key that comes twice keeps its first value
        if !cell.is_absent() && !skip(key) && out.key(key).is_ok() {
            out.put(batch, cell);
        }
    }
}

/// What a value is, in the words of a message.
#[must_use]
pub fn kind_of(value: Value<'_>) -> Message {
    match value {
        Value::Null => msg!("null"),
        Value::Bool(_) => msg!("a boolean"),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => msg!("a number"),
        Value::Text(_) => msg!("text"),
        Value::Time(_) => msg!("a time"),
        Value::Bytes(_) => msg!("bytes"),
        Value::Masked(_) => msg!("a masked value"),
        Value::List(_) => msg!("a list"),
        Value::Object(_) => msg!("an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::batch_of;
    use serde_json::json;

    #[test]
    fn rewrites_where_the_path_leads() {
        let batch = batch_of(&json!([{ "a": { "b": [1, 2, 3] }, "c": "x" }]));
        for (path, expected) in [
            ("c", json!({ "a": { "b": [1, 2, 3] }, "c": 9 })),
            ("a.b[-1]", json!({ "a": { "b": [1, 2, 9] }, "c": "x" })),
            ("a.d.e", json!({ "a": { "b": [1, 2, 3], "d": { "e": 9 } }, "c": "x" })),
            ("a.b[7]", json!({ "a": { "b": [1, 2, 3] }, "c": "x" })),
        ] {
            let mut out = BatchBuilder::new();
            rewrite(&mut out, batch.record(0), &path.parse().unwrap(), &mut |out| out.int(9));
            assert_eq!(out.take().record(0).to_json(), expected, "{path}");
        }
    }
}
