//! Puts records in order.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::Field,
        order::{KeyStyle, TextOrder, reverse},
        settings::at_least_one,
        spill::{Disk, Sorter},
    },
};
use bus_core::{
    catalogue::Parts,
    error::StepError,
    path::FieldPath,
    record::{Batch, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Sort>("sort");

/// # Sort
///
/// Puts records in order of one or several fields. Records that are equal in all of them keep the order they came in. Numbers are compared by value and times by instant; where kinds are mixed, numbers come before text, text before times, times before masked values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "arrow-down-az", "x-group" = "rows"))]
struct Sort {
    /// # Sort by
    ///
    /// The fields to compare: where the first is equal, the second decides, and so on.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [[{ "field": "city" }, { "field": "power", "direction": "descending" }]]))]
    by: Vec<SortKey>,
}

/// # Sort key
///
/// A field to sort by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SortKey {
    /// # Field
    ///
    /// The field to compare.
    field: FieldPath,
    /// # Direction
    ///
    /// Which end comes first.
    #[serde(default)]
    direction: Direction,
    /// # Text
    ///
    /// How text is compared.
    #[serde(default)]
    text: TextOrder,
    /// # Numbers inside text
    ///
    /// Compares numbers inside text by value: `item 2` before `item 10`.
    #[serde(default)]
    natural: bool,
    /// # Records without a value
    ///
    /// Where records stand in which the field is null or missing, whatever the direction.
    #[serde(default)]
    empty: Empty,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Direction {
    /// # Ascending
    ///
    /// Smallest, earliest, A first.
    #[default]
    Ascending,
    /// # Descending
    ///
    /// Largest, latest, Z first.
    Descending,
}

/// Where records without a value stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Empty {
    /// # Last
    ///
    /// After all others.
    #[default]
    Last,
    /// # First
    ///
    /// Before all others.
    First,
}

/// Writes the key of one field.
struct KeyWriter {
    field: Field,
    style: KeyStyle,
    descending: bool,
    empty: Empty,
}

impl KeyWriter {
    fn new(key: &SortKey) -> Self {
        Self {
            field: Field::new(&key.field),
            style: KeyStyle { text: key.text, natural: key.natural, loose: false },
            descending: key.direction == Direction::Descending,
            empty: key.empty,
        }
    }

    fn write(&mut self, record: Value<'_>, out: &mut Vec<u8>) {
        let value = self.field.get(record).filter(|value| !value.is_null());
        if value.is_none() {
            return out.push(if self.empty == Empty::First { 0 } else { 2 });
        }
        out.push(1);
        let start = out.len();
        self.style.write(value, out);
        if self.descending
            && let Some(key) = out.get_mut(start..)
        {
            reverse(key);
        }
    }
}

impl Transform for Sort {
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        Parts::Twice
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut keys: Vec<KeyWriter> = self.by.iter().map(KeyWriter::new).collect();
        let mut sorter = Sorter::new(&Disk::of(&context), context.limits().step_memory);
        let mut emitter = Emitter::default();
        let mut key = Vec::new();
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            add(&mut sorter, &mut keys, &batch, &mut key)?;
        }
        let mut sorted = sorter.finish()?;
        while sorted.advance()? {
            emitter.builder().copy(sorted.record());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

fn add(
    sorter: &mut Sorter,
    keys: &mut [KeyWriter],
    batch: &Batch,
    key: &mut Vec<u8>,
) -> Result<(), StepError> {
    for record in batch.records() {
        key.clear();
        keys.iter_mut().for_each(|writer| writer.write(record, key));
        sorter.push(key, record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn sorted(settings: Json, records: &Json) -> Json {
        Probe::of(&CONNECTOR, settings).input("in", records).run().out()
    }

    #[test]
    fn orders_and_keeps_ties() {
        let records = json!([{ "a": "é", "n": 1 }, { "a": "E", "n": 2 }, { "n": 3 }, { "a": "z", "n": 4 }, { "a": null, "n": 5 }, { "a": "f", "n": 6 }]);
        let numbers = |settings| {
            let sorted = sorted(settings, &records);
            sorted.as_array().unwrap().iter().map(|record| record["n"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(json!({ "by": [{ "field": "a" }] })), [2, 6, 4, 1, 3, 5]);
        assert_eq!(numbers(json!({ "by": [{ "field": "a", "text": "plain" }] })), [1, 2, 6, 4, 3, 5]);
        assert_eq!(
            numbers(json!({ "by": [{ "field": "a", "text": "plain", "direction": "descending" }] })),
            [4, 6, 1, 2, 3, 5]
        );
        assert_eq!(
            numbers(
                json!({ "by": [{ "field": "a", "empty": "first" }, { "field": "n", "direction": "descending" }] })
            ),
            [5, 3, 2, 6, 4, 1]
        );
    }

    #[test]
    fn says_when_the_disk_space_is_used_up() {
        let records: Json = (0..500).map(|n| json!({ "a": n })).collect();
        let ran = Probe::of(&CONNECTOR, json!({ "by": [{ "field": "a" }] })).input("in", &records);
        let ran = ran.memory(1_000).limits(|limits| limits.spill_bytes = 1_000).run();
        assert!(ran.end.unwrap_err().to_string().contains("nor in the 1000 bytes"));
    }

    #[test]
    fn needs_a_key() {
        let problem = CONNECTOR.start(&json!({ "by": [] })).unwrap_err();
        assert_eq!(
            (problem.path.as_str(), problem.message.to_string().as_str()),
            ("by", "at least one is needed")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn spilled_is_the_same(values in proptest::collection::vec((0_i32..6, "[a-d]{0,2}"), 0..200)) {
            let records: Json = values.iter().enumerate().map(|(n, (a, b))| json!({ "a": a, "b": b, "n": n })).collect();
            let settings = json!({ "by": [{ "field": "a", "direction": "descending" }, { "field": "b" }] });
            let memory = sorted(settings.clone(), &records);
            let spilled = Probe::of(&CONNECTOR, settings).input("in", &records).memory(600).run();
            prop_assert!(values.len() < 30 || spilled.counts.spilled > 0);
            prop_assert_eq!(&memory, &spilled.out());
            let mut expected = values.into_iter().enumerate().collect::<Vec<_>>();
            expected.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            let expected: Json = expected.into_iter().map(|(n, (a, b))| json!({ "a": a, "b": b, "n": n })).collect();
            prop_assert_eq!(memory, expected);
        }
    }
}
