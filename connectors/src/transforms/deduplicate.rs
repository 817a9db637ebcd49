//! Removes duplicates.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, readers},
        order::{KeyStyle, TextOrder},
        spill::{Disk, Sorted, Sorter},
    },
};
use bus_core::{
    catalogue::{OUT, Parts},
    error::StepError,
    path::FieldPath,
    record::{Batch, BatchBuilder, Value},
};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Deduplicate>("deduplicate");

/// # Deduplicate
///
/// Keeps one of the records that are the same, or the same in some fields. The others go to the output `duplicates`. Records keep the order they came in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "copy-minus", "x-group" = "rows"))]
struct Deduplicate {
    /// # Fields
    ///
    /// Records with the same values in these fields are duplicates; without any, records that are the same as a whole. Numbers are the same by value (`1` and `1.0`), missing values are the same as each other.
    #[serde(default)]
    #[schemars(extend("examples" = [["id_pdc_itinerance"]]))]
    fields: Vec<FieldPath>,
    /// # Keep
    ///
    /// Which of the duplicates stays.
    #[serde(default)]
    keep: Keep,
    /// # Text
    ///
    /// How text is compared.
    #[serde(default)]
    text: TextOrder,
    /// # Keep records without values
    ///
    /// Never takes records for duplicates in which all these fields are null or missing.
    #[serde(default)]
    keep_empty: bool,
}

/// Which of the duplicates stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Keep {
    /// # The first
    ///
    /// The one that came first.
    #[default]
    First,
    /// # The last
    ///
    /// The one that came last, at its own place.
    Last,
}

const DUPLICATES: &str = "duplicates";

impl Transform for Deduplicate {
    const OUTPUTS: &'static [&'static str] = &[OUT, DUPLICATES];
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        Parts::Twice
    }

    async fn apply(self, mut inputs: Inputs, out: Outputs, context: Context) -> Result<(), StepError> {
        let mut step = Step::new(&self, out, &context);
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            step.kept.follow(&batch, &mut step.out).await?;
            step.doubles.follow(&batch, &mut step.out).await?;
            if self.keep == Keep::First && step.aside.is_empty() {
                step.stream(batch).await?;
            } else {
                step.put_aside(&batch, 0)?;
            }
        }
        step.finish().await
    }
}

/// Keys of records are looked up in memory while they fit; the records that come after that, and all if
/// the last of them counts, are sorted by key, then back into their order.
struct Step {
    fields: Vec<Field>,
    style: KeyStyle,
    keep: Keep,
    keep_empty: bool,
    seen: FxHashSet<Box<[u8]>>,
    seen_bytes: usize,
    memory: usize,
    disk: Disk,
    aside: Sorter,
    number: i64,
    out: Outputs,
    kept: Emitter,
    doubles: Emitter,
    key: Vec<u8>,
}

impl Step {
    fn new(settings: &Deduplicate, out: Outputs, context: &Context) -> Self {
        let (disk, memory) = (Disk::of(context), context.limits().step_memory / 2);
        Self {
            fields: readers(&settings.fields),
            style: KeyStyle { text: settings.text, ..KeyStyle::default() },
            keep: settings.keep,
            keep_empty: settings.keep_empty,
            seen: FxHashSet::default(),
            seen_bytes: 0,
            memory,
            aside: Sorter::new(&disk, memory),
            disk,
            number: 0,
            out,
            kept: Emitter::default(),
            doubles: Emitter::to(DUPLICATES),
            key: Vec::new(),
        }
    }

    /// Writes the record's key; `false` if the record has none that could be a duplicate.
    fn read_key(&mut self, record: Value<'_>) -> bool {
        self.key.clear();
        if self.fields.is_empty() {
            self.style.write(Some(record), &mut self.key);
            return true;
        }
        let mut any = false;
        for field in &mut self.fields {
            let value = field.get(record).filter(|value| !value.is_null());
            any |= value.is_some();
            self.style.write(value, &mut self.key);
        }
        any || !self.keep_empty
    }

    /// Looks each record up at once; from the record on with which the memory is full, puts aside.
    async fn stream(&mut self, batch: Batch) -> Result<(), StepError> {
        let (mut first, mut again) = (Vec::new(), Vec::new());
        let mut rest = batch.len();
        for (row, record) in batch.records().enumerate() {
            if self.seen_bytes > self.memory {
                rest = row;
                break;
            }
            if self.read_key(record) && !self.remember() { again.push(row) } else { first.push(row) }
        }
        self.put_aside(&batch, rest)?;
        let again = if again.is_empty() { Batch::default() } else { batch.clone().select(&again) };
        self.out.send(batch.select(&first)).await?;
        self.out.send_to(DUPLICATES, again).await
    }

    /// Notes the key; `false` if it is known.
    fn remember(&mut self) -> bool {
        if self.seen.contains(self.key.as_slice()) {
            return false;
        }
        self.seen_bytes += self.key.len() + 48;
        self.seen.insert(self.key.as_slice().into())
    }

    fn put_aside(&mut self, batch: &Batch, from: usize) -> Result<(), StepError> {
        for row in from..batch.len() {
            let record = batch.record(row);
            // 0: known to be a duplicate, 1: has no key, 2: to be compared
            let state: i64 = if !self.read_key(record) {
                1
            } else if self.seen.contains(self.key.as_slice()) {
                0
            } else {
                2
            };
            if state < 2 {
                self.key.clear();
            }
            self.number += 1;
            let number = self.number;
            self.aside.push_with(&self.key, |out| {
                out.begin_list();
                out.int(number);
                out.int(state);
                out.copy(record);
                out.end();
            })?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), StepError> {
        if !self.aside.is_empty() {
            self.seen = FxHashSet::default();
            let aside = std::mem::replace(&mut self.aside, Sorter::new(&self.disk, 0));
            let decided = self.decide(aside.finish()?)?;
            self.send(decided).await?;
        }
        self.kept.flush(&mut self.out).await?;
        self.doubles.flush(&mut self.out).await
    }

    /// Of records sorted by key: which stay. They come back in the order they had.
    fn decide(&self, mut sorted: Sorted) -> Result<Sorted, StepError> {
        let mut decided = Sorter::new(&self.disk, self.memory);
        let mut previous: Option<(Vec<u8>, Entry)> = None;
        while sorted.advance()? {
            let Some(entry) = Entry::read(sorted.record()) else { continue };
            if entry.state < 2 {
                entry.put(&mut decided, entry.state == 1)?;
                continue;
            }
            let same = previous.as_ref().is_some_and(|(key, _)| key == sorted.key());
            match self.keep {
                Keep::First => {
                    entry.put(&mut decided, !same)?;
                    if !same {
                        previous = Some((sorted.key().to_vec(), Entry::default()));
                    }
                }
                Keep::Last => {
                    if let Some((_, before)) = previous.replace((sorted.key().to_vec(), entry)) {
                        before.put(&mut decided, !same)?;
                    }
                }
            }
        }
        if self.keep == Keep::Last
            && let Some((_, last)) = previous
        {
            last.put(&mut decided, true)?;
        }
        decided.finish()
    }

    async fn send(&mut self, mut decided: Sorted) -> Result<(), StepError> {
        while decided.advance()? {
            let Some([kept, record]) = items(decided.record()) else { continue };
            let emitter = if kept == Value::Bool(true) { &mut self.kept } else { &mut self.doubles };
            emitter.builder().copy(record);
            emitter.flow(&mut self.out).await?;
        }
        Ok(())
    }
}

/// A record that was put aside.
#[derive(Default)]
struct Entry {
    number: i64,
    state: i64,
    record: Batch,
}

impl Entry {
    fn read(value: Value<'_>) -> Option<Self> {
        let [Value::Int(number), Value::Int(state), record] = items(value)? else { return None };
        let mut builder = BatchBuilder::new();
        builder.copy(record);
        Some(Self { number, state, record: builder.take() })
    }

    fn put(&self, decided: &mut Sorter, kept: bool) -> Result<(), StepError> {
        decided.push_with(&self.number.to_be_bytes(), |out| {
            out.begin_list();
            out.bool(kept);
            out.copy(self.record.record(0));
            out.end();
        })
    }
}

fn items<const N: usize>(value: Value<'_>) -> Option<[Value<'_>; N]> {
    let list = value.as_list()?;
    let mut items = [Value::Null; N];
    for (at, item) in items.iter_mut().enumerate() {
        *item = list.get(at)?;
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn keeps_one_and_shows_the_others() {
        let records = json!([{ "a": 1, "b": 1 }, { "a": 1.0, "b": 2 }, { "b": 3 }, { "a": null, "b": 4 }, { "a": "1", "b": 5 }]);
        let probe = |settings| Probe::of(&CONNECTOR, settings).input("in", &records).run();
        let ran = probe(json!({ "fields": ["a"] }));
        assert_eq!(ran.out(), json!([{ "a": 1, "b": 1 }, { "b": 3 }, { "a": "1", "b": 5 }]));
        assert_eq!(ran.json("duplicates"), json!([{ "a": 1.0, "b": 2 }, { "a": null, "b": 4 }]));
        let ran = probe(json!({ "fields": ["a"], "keep": "last", "keep_empty": true }));
        assert_eq!(
            ran.out(),
            json!([{ "a": 1.0, "b": 2 }, { "b": 3 }, { "a": null, "b": 4 }, { "a": "1", "b": 5 }])
        );
        assert_eq!(probe(json!({})).json("duplicates"), json!([]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn spilled_is_the_same(values in proptest::collection::vec(0_i32..40, 0..150), last in any::<bool>(), keep_empty in any::<bool>()) {
            let records: Json = values.iter().enumerate().map(|(n, a)| if *a == 0 { json!({ "n": n }) } else { json!({ "a": a, "n": n }) }).collect();
            let settings = json!({ "fields": ["a"], "keep": if last { "last" } else { "first" }, "keep_empty": keep_empty });
            let run = |memory| Probe::of(&CONNECTOR, settings.clone()).input("in", &records).memory(memory).run();
            let (memory, spilled) = (run(1 << 20), run(1_000));
            prop_assert_eq!(memory.out(), spilled.out());
            prop_assert_eq!(memory.json("duplicates"), spilled.json("duplicates"));
            let kept: Vec<_> = values.iter().enumerate().filter(|(n, a)| {
                let others = if last { &values[n + 1..] } else { &values[..*n] };
                (**a == 0 && keep_empty) || !others.contains(a)
            }).map(|(n, _)| n).collect();
            let out: Vec<_> = memory.out().as_array().unwrap().iter().map(|record| usize::try_from(record["n"].as_u64().unwrap()).unwrap()).collect();
            prop_assert_eq!(kept, out);
        }
    }
}
