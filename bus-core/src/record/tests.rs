//! Properties of the record: what is written comes back, however it is copied, kept or put in order.

use super::{Batch, BatchBuilder, Shape, Value};
use proptest::prelude::*;
use serde_json::Value as Json;

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::hash_map("[a-d]{1,2}", inner, 0..5)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

fn batch(records: &[Json]) -> Batch {
    let mut builder = BatchBuilder::new();
    records.iter().for_each(|record| builder.json(record).unwrap());
    builder.take()
}

fn json(batch: &Batch) -> Vec<Json> {
    batch.records().map(Value::to_json).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_comes_back(records in proptest::collection::vec(any_json(), 0..8)) {
        prop_assert_eq!(json(&batch(&records)), records);
    }

    #[test]
    fn copies_are_equal(records in proptest::collection::vec(any_json(), 0..8), twice in any::<bool>()) {
        let source = batch(&records);
        let (mut copier, mut putter) = (BatchBuilder::new(), BatchBuilder::new());
        for _ in 0..=usize::from(twice) {
            for (record, cell) in source.records().zip(source.rows()) {
                copier.copy(record);
                putter.put(&source, *cell);
            }
            let (copied, put) = (copier.take(), putter.take());
            prop_assert_eq!(json(&copied), records.clone());
            prop_assert_eq!(json(&put), records.clone());
            // what was put may be put again, although its text belongs to the first batch
            put.rows().iter().for_each(|cell| putter.put(&put, *cell));
            prop_assert_eq!(json(&putter.take()), records.clone());
            for ((a, b), c) in source.records().zip(copied.records()).zip(put.records()) {
                prop_assert!(a == b && b == c && c == a);
            }
        }
    }

    #[test]
    fn equality_is_that_of_json(a in any_json(), b in any_json()) {
        let both = batch(&[a.clone(), b.clone()]);
        prop_assert_eq!(both.record(0) == both.record(1), a == b);
        prop_assert!(both.record(0) == both.record(0));
    }

    #[test]
    fn keeping_and_ordering(
        records in proptest::collection::vec(any_json(), 0..8),
        order in proptest::collection::vec(0_usize..10, 0..12),
        keep in any::<u8>(),
    ) {
        let expected: Vec<Json> = order.iter().filter_map(|index| records.get(*index).cloned()).collect();
        prop_assert_eq!(json(&batch(&records).select(&order)), expected);
        let mut kept = batch(&records);
        let mut place = 0_u32;
        kept.retain(|_| {
            place += 1;
            keep >> (place % 8) & 1 == 1
        });
        let expected: Vec<Json> = (1_u32..).zip(&records).filter(|(place, _)| keep >> (place % 8) & 1 == 1).map(|(_, record)| record.clone()).collect();
        prop_assert_eq!(json(&kept), expected.clone());
        let mut packed = Vec::new();
        kept.pack(&mut packed);
        prop_assert_eq!(json(&Batch::unpack(&packed).unwrap()), expected);
    }

    #[test]
    fn unfinished_records_leave_nothing(records in proptest::collection::vec(any_json(), 1..6), open in 1_usize..5) {
        let mut builder = BatchBuilder::new();
        for record in &records {
            for level in 0..open {
                if level % 2 == 0 { builder.begin_object() } else { builder.begin_list() }
                builder.key("x").unwrap();
            }
            builder.text("lost");
            builder.abandon();
            builder.json(record).unwrap();
            let complete = builder.len();
            builder.json(record).unwrap();
            builder.truncate(complete);
        }
        prop_assert_eq!(json(&builder.take()), records);
    }
}

#[test]
fn a_key_comes_once() {
    let mut builder = BatchBuilder::new();
    builder.begin_object();
    builder.key("a").unwrap();
    builder.int(1);
    builder.key("b").unwrap();
    builder.int(2);
    assert!(builder.key("a").is_err());
    builder.int(3);
    builder.replace("a");
    builder.end();
    assert_eq!(json(&builder.take()), [serde_json::json!({ "a": 3, "b": 2 })]);
}

#[test]
fn shaped_objects_may_lack_fields() {
    let shape = Shape::of(["a", "b", "c"]);
    let mut builder = BatchBuilder::new();
    builder.begin_shaped(&shape);
    builder.absent();
    builder.null();
    builder.end();
    builder.begin_object();
    builder.key("b").unwrap();
    builder.null();
    builder.end();
    let batch = builder.take();
    assert!(batch.record(0) == batch.record(1), "absent is as if the shape did not name it");
    assert!(batch.object(0).and_then(|object| object.get("a")).is_none());
}
