//! Groups records and computes over each group.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, kind_of, readers},
        order::write_key,
        owned::Owned,
        settings::at_least_one,
        spill::{Disk, Sorter},
        tally::{Function, Tally},
    },
};
use bus_core::{
    catalogue::{Go, Parts},
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Shape, Value},
};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::HashSet, mem, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Aggregate>("aggregate");

/// # Aggregate
///
/// Groups records by the values of some fields and computes sums, means, counts and more over each group: one record a group, in the order in which the groups first came. Null, missing and masked values are left out of every computation; they can be counted, and a result can be masked where a value was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "sigma", "x-group" = "combine"))]
struct Aggregate {
    /// # Group by
    ///
    /// Records with the same values in these fields form a group; without any, all records form one.
    #[serde(default)]
    #[schemars(extend("examples" = [["city"], ["meter", "day"]]))]
    by: Vec<FieldPath>,
    /// # Compute
    ///
    /// What to compute over each group.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [[{ "function": "sum", "field": "energy" }, { "function": "count" }]]))]
    compute: Vec<Computation>,
    /// # Masked values
    ///
    /// What becomes of a result when some of its values are withheld.
    #[serde(default)]
    masked: Masked,
}

/// # Computation
///
/// One result.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Computation {
    /// # Function
    ///
    /// What to compute.
    function: Function,
    /// # Field
    ///
    /// Of which values; only counting records needs no field.
    #[serde(default)]
    field: Option<FieldPath>,
    /// # Name
    ///
    /// The name of the result; without one, the field and the function: `energy_sum`.
    #[serde(default)]
    name: Option<String>,
}

/// What becomes of a result when some of its values are withheld.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Masked {
    /// # Leave them out
    ///
    /// The result is that of the values that are known.
    #[default]
    Skip,
    /// # Mask the result
    ///
    /// The result is masked too: a sum without a withheld part is not the sum.
    Mask,
}

impl Transform for Aggregate {
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        Parts::Twice
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut groups = Groups::new(&self, &context)?;
        let mut emitter = Emitter::default();
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            if context.go() == Go::Rest {
                groups.add_parts(&batch)?;
                continue;
            }
            groups.add(&batch, &mut out)?;
            if groups.bytes > groups.memory {
                match context.go() {
                    Go::Part => groups.send_parts(&mut emitter, &mut out).await?,
                    Go::Whole | Go::Rest => groups.put_aside()?,
                }
            }
        }
        if context.go() == Go::Part {
            groups.send_parts(&mut emitter, &mut out).await?;
            return emitter.flush(&mut out).await;
        }
        if self.by.is_empty() && groups.groups.is_empty() && groups.parts.is_empty() {
            // no records are a group too: its count is 0
            groups.group(Value::Null);
        }
        if groups.parts.is_empty() {
            for group in mem::take(&mut groups.groups) {
                groups.write(group, emitter.builder())?;
                emitter.flow(&mut out).await?;
            }
            return emitter.flush(&mut out).await;
        }
        let mut sorted = groups.merge()?.finish()?;
        while sorted.advance()? {
            emitter.builder().copy(sorted.record());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

/// The groups. Those that do not fit in memory are put aside as parts, sorted by key, and merged at the
/// end, when one group at a time is in memory.
struct Groups {
    by: Vec<Field>,
    computations: Vec<(Function, Option<Field>)>,
    masked: Masked,
    shape: Arc<Shape>,
    places: FxHashMap<Box<[u8]>, usize>,
    groups: Vec<Group>,
    bytes: usize,
    /// How many groups were put aside: what orders the groups by first appearance.
    before: i64,
    memory: usize,
    record_bytes: usize,
    disk: Disk,
    parts: Sorter,
    key: Vec<u8>,
}

struct Group {
    first: i64,
    key: Box<[u8]>,
    values: Vec<Option<Owned>>,
    tallies: Vec<Tally>,
}

impl Group {
    /// How many saved parts it takes.
    fn parts(&self) -> usize {
        self.tallies.iter().map(Tally::parts).max().unwrap_or(1)
    }

    /// Writes a saved part: `[first, values, tallies]`.
    fn save(&self, part: usize, out: &mut BatchBuilder) {
        out.begin_list();
        out.int(self.first);
        out.begin_list();
        for value in &self.values {
            // a list may hold no absent items
            out.begin_list();
            if let Some(value) = value {
                value.write(out);
            }
            out.end();
        }
        out.end();
        out.begin_list();
        self.tallies.iter().for_each(|tally| tally.save(part, out));
        out.end();
        out.end();
    }
}

/// The values of a saved part.
fn saved_values(values: Value<'_>) -> Vec<Option<Owned>> {
    let values = values.as_list().into_iter().flat_map(|values| values.iter());
    values.map(|value| value.as_list().and_then(|value| value.get(0)).map(Owned::from)).collect()
}

impl Groups {
    fn new(settings: &Aggregate, context: &Context) -> Result<Self, StepError> {
        let by = readers(&settings.by);
        let mut computations = Vec::new();
        let mut names: Vec<Arc<str>> = by.iter().map(Field::name).collect();
        for Computation { function, field, name } in &settings.compute {
            if field.is_none() && *function != Function::Count {
                return Err(StepError::settings(msg!(
                    "`{function}` needs a field: only `count` works without one",
                    function = function.suffix()
                )));
            }
            let field = field.as_ref().map(Field::new);
            names.push(match (name, &field) {
                (Some(name), _) => name.as_str().into(),
                (None, Some(field)) => format!("{}_{}", field.name(), function.suffix()).into(),
                (None, None) => function.suffix().into(),
            });
            computations.push((*function, field));
        }
        let mut known = HashSet::new();
        if let Some(double) = names.iter().find(|name| !known.insert(Arc::clone(name))) {
            return Err(StepError::settings(msg!(
                "two results are called `{name}`: give one of them another name",
                name = double
            )));
        }
        let (disk, memory) = (Disk::of(context), context.limits().step_memory / 2);
        Ok(Self {
            by,
            computations,
            masked: settings.masked,
            shape: Shape::of(names),
            places: FxHashMap::default(),
            groups: Vec::new(),
            bytes: 0,
            before: 0,
            memory,
            record_bytes: context.limits().record_bytes,
            parts: Sorter::new(&disk, memory),
            disk,
            key: Vec::new(),
        })
    }

    fn add(&mut self, batch: &Batch, out: &mut Outputs) -> Result<(), StepError> {
        for record in batch.records() {
            if let Some(reject) = self.unfit(record) {
                out.reject(record, &reject);
                continue;
            }
            let place = self.group(record);
            let Some(group) = self.groups.get_mut(place) else { continue };
            for ((function, field), tally) in self.computations.iter_mut().zip(&mut group.tallies) {
                match field {
                    Some(field) => self.bytes += tally.add(*function, field.get(record)),
                    None => tally.count(),
                }
            }
        }
        Ok(())
    }

    /// Sends all groups on as the parts they are saved in, each behind its key.
    async fn send_parts(&mut self, emitter: &mut Emitter, out: &mut Outputs) -> Result<(), StepError> {
        self.bytes = 0;
        self.places.clear();
        for group in mem::take(&mut self.groups) {
            for part in 0..group.parts() {
                let builder = emitter.builder();
                builder.begin_list();
                builder.bytes(&group.key);
                group.save(part, builder);
                builder.end();
                emitter.flow(out).await?;
            }
        }
        Ok(())
    }

    /// Adds what [`Self::send_parts`] has sent.
    fn add_parts(&mut self, batch: &Batch) -> Result<(), StepError> {
        for record in batch.records() {
            let list = record.as_list();
            let saved = list.and_then(|list| Some((list.get(0)?, part_of(list.get(1)?)?)));
            let Some((Value::Bytes(key), [_, values, tallies])) = saved else { continue };
            let place = match self.places.get(key) {
                Some(place) => *place,
                None => self.new_group(key.into(), saved_values(values)),
            };
            let Some(group) = self.groups.get_mut(place) else { continue };
            let saved = tallies.as_list().into_iter().flat_map(|tallies| tallies.iter());
            for ((tally, (function, _)), saved) in group.tallies.iter_mut().zip(&self.computations).zip(saved)
            {
                let Some(saved) = saved.as_list() else { continue };
                // what grows too large is put aside as a whole
                self.bytes += tally.merge(*function, saved, (&self.disk, usize::MAX))?;
            }
            if self.bytes > self.memory {
                self.put_aside()?;
            }
        }
        Ok(())
    }

    /// Why a record cannot be computed with: nothing of it is counted then.
    fn unfit(&mut self, record: Value<'_>) -> Option<Reject> {
        for (function, field) in &mut self.computations {
            let Some(field) = field.as_mut().filter(|_| function.needs_numbers()) else { continue };
            match field.get(record) {
                None | Some(Value::Null | Value::Masked(_)) => {}
                Some(value) if value.as_number().is_some() => {}
                Some(value) => {
                    return Some(Reject::field(
                        field.path().to_string(),
                        msg!(
                            "{function} needs numbers, this is {kind}: convert the field first",
                            function = function.suffix(),
                            kind = kind_of(value)
                        ),
                    ));
                }
            }
        }
        None
    }

    /// The place of the record's group, which is made if it is new.
    fn group(&mut self, record: Value<'_>) -> usize {
        self.key.clear();
        for field in &mut self.by {
            write_key(field.get(record), &mut self.key);
        }
        if let Some(place) = self.places.get(self.key.as_slice()) {
            return *place;
        }
        let values = self.by.iter_mut().map(|field| field.get(record).map(Owned::from)).collect();
        self.new_group(self.key.as_slice().into(), values)
    }

    fn new_group(&mut self, key: Box<[u8]>, values: Vec<Option<Owned>>) -> usize {
        self.bytes += values.iter().flatten().map(Owned::size).sum::<usize>()
            + 2 * key.len()
            + 160
            + self.computations.len() * 96;
        let place = self.groups.len();
        self.places.insert(key.clone(), place);
        self.groups.push(Group {
            first: self.before + i64::try_from(place).unwrap_or(i64::MAX),
            key,
            values,
            tallies: self.computations.iter().map(|(function, _)| Tally::new(*function)).collect(),
        });
        place
    }

    /// Puts all groups aside, each as one or more saved parts.
    fn put_aside(&mut self) -> Result<(), StepError> {
        self.before += i64::try_from(self.groups.len()).unwrap_or(i64::MAX);
        self.bytes = 0;
        self.places.clear();
        for group in mem::take(&mut self.groups) {
            for part in 0..group.parts() {
                self.parts.push_with(&group.key, |out| group.save(part, out))?;
            }
        }
        Ok(())
    }

    /// All groups from their parts, sorted by first appearance.
    fn merge(&mut self) -> Result<Sorter, StepError> {
        self.put_aside()?;
        let parts = mem::replace(&mut self.parts, Sorter::new(&self.disk, 0));
        let mut sorted = parts.finish()?;
        let mut done = Sorter::new(&self.disk, self.memory);
        let mut current: Option<Group> = None;
        while sorted.advance()? {
            if current.as_ref().is_none_or(|group| *group.key != *sorted.key()) {
                self.finish_group(current.take(), &mut done)?;
            }
            let Some([first, values, tallies]) = part_of(sorted.record()) else { continue };
            let group = current.get_or_insert_with(|| Group {
                first: if let Value::Int(first) = first { first } else { 0 },
                key: sorted.key().into(),
                values: saved_values(values),
                tallies: self.computations.iter().map(|(function, _)| Tally::new(*function)).collect(),
            });
            let saved = tallies.as_list().into_iter().flat_map(|tallies| tallies.iter());
            for ((tally, (function, _)), saved) in group.tallies.iter_mut().zip(&self.computations).zip(saved)
            {
                let Some(saved) = saved.as_list() else { continue };
                tally.merge(*function, saved, (&self.disk, self.memory))?;
            }
        }
        self.finish_group(current, &mut done)?;
        Ok(done)
    }

    fn finish_group(&self, group: Option<Group>, done: &mut Sorter) -> Result<(), StepError> {
        let Some(group) = group else { return Ok(()) };
        let key = group.first.to_be_bytes();
        let mut written = Ok(());
        done.push_with(&key, |out| written = self.write(group, out))?;
        written
    }

    fn write(&self, group: Group, out: &mut BatchBuilder) -> Result<(), StepError> {
        out.begin_shaped(&self.shape);
        group.values.iter().for_each(|value| Owned::write_option(value.as_ref(), out));
        for (tally, (function, field)) in group.tallies.into_iter().zip(&self.computations) {
            if tally.list_bytes() > self.record_bytes {
                let name = field.as_ref().map(|field| field.path().to_string()).unwrap_or_default();
                return Err(StepError::data(msg!(
                    "the list of `{field}` in one group is longer than the {limit} bytes a record may have (limit `record_bytes`): group by more fields",
                    field = name,
                    limit = self.record_bytes
                )));
            }
            let counts = matches!(function, Function::Count | Function::CountMasked | Function::CountEmpty);
            match tally.masked().filter(|_| self.masked == Masked::Mask && !counts) {
                Some(mark) => out.masked(mark),
                None => tally.write(*function, out)?,
            }
        }
        out.end();
        Ok(())
    }
}

fn part_of(value: Value<'_>) -> Option<[Value<'_>; 3]> {
    let list = value.as_list()?;
    Some([list.get(0)?, list.get(1)?, list.get(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};
    use std::collections::BTreeSet;

    fn all(settings: Json, records: &Json) -> Json {
        Probe::of(&CONNECTOR, settings).input("in", records).run().out()
    }

    #[test]
    fn computes_over_groups() {
        let records = json!([
            { "city": "Lyon", "p": 2, "n": "a" }, { "city": "Nice", "p": 0.5 }, { "city": "Lyon", "p": 4, "n": "b" },
            { "city": "Lyon", "p": { "$masked": "S" }, "n": "a" }, { "p": null }
        ]);
        let compute = json!([
            { "function": "count" }, { "function": "sum", "field": "p" }, { "function": "mean", "field": "p" },
            { "function": "count-masked", "field": "p", "name": "hidden" }, { "function": "count-distinct", "field": "n" },
            { "function": "max", "field": "p" }, { "function": "list", "field": "n" }, { "function": "last", "field": "n" }
        ]);
        assert_eq!(
            all(json!({ "by": ["city"], "compute": compute }), &records),
            json!([
                { "city": "Lyon", "count": 3, "p_sum": 6, "p_mean": 3.0, "hidden": 1, "n_distinct": 2, "p_max": 4, "n_list": ["a", "b", "a"], "n_last": "a" },
                { "city": "Nice", "count": 1, "p_sum": 0.5, "p_mean": 0.5, "hidden": 0, "n_distinct": 0, "p_max": 0.5, "n_list": [], "n_last": null },
                { "count": 1, "p_sum": null, "p_mean": null, "hidden": 0, "n_distinct": 0, "p_max": null, "n_list": [], "n_last": null }
            ])
        );
        let masked =
            json!({ "by": ["city"], "compute": [{ "function": "sum", "field": "p" }], "masked": "mask" });
        assert_eq!(all(masked, &records)[0], json!({ "city": "Lyon", "p_sum": { "$masked": "S" } }));
    }

    #[test]
    fn nothing_is_a_group_of_its_own() {
        let settings = json!({ "compute": [{ "function": "count" }] });
        assert_eq!(all(settings, &json!([])), json!([{ "count": 0 }]));
        let settings = json!({ "by": ["a"], "compute": [{ "function": "count" }] });
        assert_eq!(all(settings, &json!([])), json!([]));
    }

    #[test]
    fn refuses_text_and_double_names() {
        let settings = json!({ "compute": [{ "function": "sum", "field": "p" }, { "function": "count" }] });
        let ran = Probe::of(&CONNECTOR, settings).input("in", &json!([{ "p": "x" }, { "p": 1 }])).run();
        assert_eq!(ran.out(), json!([{ "p_sum": 1, "count": 1 }]));
        assert_eq!(ran.json("errors")[0]["field"], "p");
        let settings = json!({ "by": ["count"], "compute": [{ "function": "count" }] });
        let ran = Probe::of(&CONNECTOR, settings).input("in", &json!([])).run();
        assert!(ran.end.unwrap_err().to_string().contains("two results are called `count`"));
    }

    #[test]
    fn many_groups_spill() {
        let records: Json = (0..20_000).map(|n| json!({ "k": n % 10_000, "v": 1 })).collect();
        let settings = json!({ "by": ["k"], "compute": [{ "function": "sum", "field": "v" }] });
        let ran = Probe::of(&CONNECTOR, settings).input("in", &records).memory(300_000).run();
        assert!(ran.counts.spilled > 0);
        let expected: Json = (0..10_000).map(|n| json!({ "k": n, "v_sum": 2 })).collect();
        assert_eq!(ran.out(), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn spilled_is_the_same_as_naive(values in proptest::collection::vec((0_i64..9, -5_i64..5, any::<bool>()), 1..200)) {
            let records: Json = values.iter().map(|(k, v, there)| if *there { json!({ "k": k, "v": v }) } else { json!({ "k": k }) }).collect();
            let functions = ["count", "sum", "min", "max", "first", "last", "list", "count-distinct", "count-empty"];
            let compute: Json = functions.iter().map(|function| json!({ "function": function, "field": "v", "name": function })).collect();
            let settings = json!({ "by": ["k"], "compute": compute });
            let spilled = Probe::of(&CONNECTOR, settings.clone()).input("in", &records).memory(2_000).run();
            prop_assert_eq!(&all(settings, &records), &spilled.out());
            for group in spilled.out().as_array().unwrap() {
                let of: Vec<_> = values.iter().filter(|(k, _, _)| json!(k) == group["k"]).collect();
                let there: Vec<i64> = of.iter().filter(|(_, _, there)| *there).map(|(_, v, _)| *v).collect();
                prop_assert_eq!(&group["count"], &json!(there.len()));
                prop_assert_eq!(&group["count-empty"], &json!(of.len() - there.len()));
                prop_assert_eq!(&group["list"], &json!(there));
                prop_assert_eq!(&group["first"], &json!(there.first()));
                prop_assert_eq!(&group["last"], &json!(there.last()));
                prop_assert_eq!(&group["min"], &json!(there.iter().min()));
                prop_assert_eq!(&group["max"], &json!(there.iter().max()));
                prop_assert_eq!(&group["count-distinct"], &json!(there.iter().collect::<BTreeSet<_>>().len()));
                prop_assert_eq!(&group["sum"], &(if there.is_empty() { json!(null) } else { json!(there.iter().sum::<i64>()) }));
            }
        }
    }
}
