//! What records say, as a short text: the same however they were cut into batches.

use bus_core::record::{Batch, Key, Object, Shape, Value};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::Arc};

/// Lists of keys that are remembered by number; those beyond are written out each time.
const MOST_SHAPES: usize = 1_000;

/// The content of records that come batch by batch.
///
/// Records are written one after the other in a form of their own, each value behind a letter for its kind, each text
/// behind its length, so that no two sequences of records are written alike; that is hashed.
#[derive(Debug, Default)]
pub(super) struct Content {
    hash: Sha256,
    /// Lists of keys met so far, in the order of the records.
    shapes: HashMap<Vec<Key>, usize>,
    context: Option<Arc<Json>>,
    records: u64,
}

impl Content {
    pub(super) fn add(&mut self, batch: &Batch) {
        if batch.is_empty() {
            return;
        }
        let mut written = Written { out: Vec::new(), shapes: &mut self.shapes, met: HashMap::new() };
        if self.context.as_ref() != batch.context() {
            self.context = batch.context().cloned();
            written.out.push(b'@');
            written.text(self.context.as_ref().map(ToString::to_string).unwrap_or_default().as_bytes());
        }
        batch.records().for_each(|record| written.value(record));
        self.hash.update(&written.out);
        self.records += batch.len() as u64;
    }

    /// How many records there were so far.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// What they say, as a short text.
    pub(super) fn digest(&self) -> String {
        self.hash.clone().finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Written<'a> {
    out: Vec<u8>,
    shapes: &'a mut HashMap<Vec<Key>, usize>,
    /// The same, by where they stand in memory while the batch does.
    met: HashMap<*const Shape, usize>,
}

impl Written<'_> {
    fn text(&mut self, text: &[u8]) {
        self.out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.out.extend_from_slice(text);
    }

    fn kind(&mut self, kind: u8, text: &[u8]) {
        self.out.push(kind);
        self.text(text);
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.out.push(b'n'),
            Value::Bool(value) => self.out.push(if value { b't' } else { b'f' }),
            Value::Int(int) => {
                self.out.push(b'i');
                self.out.extend_from_slice(&int.to_le_bytes());
            }
            Value::Float(float) => {
                self.out.push(b'e');
                self.out.extend_from_slice(&float.to_bits().to_le_bytes());
            }
            Value::Decimal(text) => self.kind(b'd', text.as_bytes()),
            Value::Text(text) => self.kind(b's', text.as_bytes()),
            Value::Masked(mark) => self.kind(b'm', mark.as_bytes()),
            Value::Bytes(bytes) => self.kind(b'b', bytes),
            Value::Time(time) => {
                let mut text = String::new();
                time.write(&mut text);
                self.kind(b'z', text.as_bytes());
            }
            Value::List(list) => {
                self.out.push(b'l');
                self.out.extend_from_slice(&(list.len() as u64).to_le_bytes());
                list.iter().for_each(|item| self.value(item));
            }
            Value::Object(object) => self.object(object),
        }
    }

    fn object(&mut self, object: Object<'_>) {
        self.out.push(b'o');
        let shape = object.shape();
        match self.met.get(&Arc::as_ptr(shape)).copied() {
            Some(number) => self.number(number),
            None => self.keys(shape),
        }
        for place in 0..shape.len() {
            match object.at(place) {
                Some(value) => self.value(value),
                None => self.out.push(b'-'),
            }
        }
    }

    fn number(&mut self, number: usize) {
        self.out.push(b'#');
        self.out.extend_from_slice(&(number as u64).to_le_bytes());
    }

    /// The keys themselves when they are met for the first time, their number after that.
    fn keys(&mut self, shape: &Arc<Shape>) {
        if let Some(number) = self.shapes.get(shape.keys()).copied() {
            self.met.insert(Arc::as_ptr(shape), number);
            return self.number(number);
        }
        self.out.push(b'k');
        self.out.extend_from_slice(&(shape.len() as u64).to_le_bytes());
        shape.keys().iter().for_each(|key| self.text(key.as_bytes()));
        if self.shapes.len() < MOST_SHAPES {
            let number = self.shapes.len();
            self.shapes.insert(shape.keys().to_vec(), number);
            self.met.insert(Arc::as_ptr(shape), number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::record::BatchBuilder;
    use proptest::prelude::*;
    use serde_json::json;

    fn batch(records: &[Json]) -> Batch {
        let mut builder = BatchBuilder::new();
        for record in records {
            builder.json(record).expect("a record");
        }
        builder.take()
    }

    fn digest<'a>(batches: impl IntoIterator<Item = &'a [Json]>) -> String {
        let mut content = Content::default();
        batches.into_iter().for_each(|records| content.add(&batch(records)));
        content.digest()
    }

    fn record() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            (-1e9..1e9_f64).prop_map(Json::from),
            "[a-c]{0,3}".prop_map(Json::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            let fields = proptest::collection::vec(("[a-c]", inner.clone()), 0..3);
            prop_oneof![
                proptest::collection::vec(inner, 0..3).prop_map(Json::from),
                fields.prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn how_records_are_cut_does_not_matter_and_what_they_say_does(
            records in proptest::collection::vec(record(), 1..20),
            cut in 1..7_usize,
            at in any::<prop::sample::Index>(),
            other in record(),
        ) {
            let whole = digest([records.as_slice()]);
            prop_assert_eq!(&digest(records.chunks(cut)), &whole);
            let mut changed = records.clone();
            let place = at.index(records.len());
            changed[place] = other;
            let text = |records: &[Json]| json!(records).to_string();
            let same = text(&changed) == text(&records);
            prop_assert_eq!(digest([changed.as_slice()]) == whole, same, "{:?}", changed);
            prop_assert_ne!(digest([&records[1..]]), whole);
        }
    }

    #[test]
    fn more_shapes_than_are_remembered_are_told_apart_too() {
        let records: Vec<Json> = (0..3_000).map(|n| json!({ (format!("k{}", n % 1_500)): n })).collect();
        assert_eq!(digest([records.as_slice()]), digest(records.chunks(7)));
    }

    #[test]
    fn the_context_is_part_of_what_records_say() {
        let with = |context: Option<Json>| {
            let mut batch = batch(&[json!({ "a": 1 })]);
            batch.set_context(context.map(Arc::new));
            let mut content = Content::default();
            content.add(&batch);
            content.digest()
        };
        let digests =
            [with(None), with(Some(json!({}))), with(Some(json!({ "a": "https://example.org/a" })))];
        assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
    }
}
