//! Joins two streams of records.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::Field,
        lookup::{Keys, Lookup, NO_KEY, numbered, order_key, put_aside},
        order::{KeyStyle, TextOrder},
        pair::{Conflict, Pairing, Placement},
        settings::at_least_one,
        spill::{Bag, Disk, Sorted, Sorter},
    },
};
use bus_core::{
    catalogue::{Input, Parts},
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Join>("join");

/// # Join
///
/// Brings together the records of two inputs that have the same values in some fields. Null, missing and masked values match nothing. Records come in the order of the left input, those of the right input without a match last.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "merge", "x-group" = "combine"))]
struct Join {
    /// # Compare
    ///
    /// The fields that must have the same value on both sides.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [[{ "left": "code_insee", "right": "code" }]]))]
    on: Vec<Pair>,
    /// # Records without a match
    ///
    /// What becomes of records for which the other side has none.
    #[serde(default)]
    kind: Kind,
    /// # Several matches
    ///
    /// What becomes of a left record that matches several right ones.
    #[serde(default)]
    matches: Matches,
    /// # Fields of the right side
    ///
    /// Where they go: `flat`, or with `prefix` or `nest` and a name.
    #[serde(default)]
    place: Placement,
    /// # Fields of the same name
    ///
    /// What happens when both sides have a field of the same name. A field that was compared is never there twice.
    #[serde(default)]
    conflict: Conflict,
    /// # Text
    ///
    /// How text is compared.
    #[serde(default)]
    text: TextOrder,
    /// # Text as numbers and times
    ///
    /// Takes text that reads as a number or a time for that number or time, as when one side comes from CSV and the other from JSON. Codes such as `01` stay text.
    #[serde(default)]
    loose: bool,
}

/// # Compared fields
///
/// One field of each side.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// # Left
    ///
    /// The field of the left record.
    left: FieldPath,
    /// # Right
    ///
    /// The field of the right record; without one, the same as on the left.
    #[serde(default)]
    right: Option<FieldPath>,
}

/// What becomes of records without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// # Leave them out
    ///
    /// Only records that match come out (inner join).
    #[default]
    Inner,
    /// # Keep those of the left side
    ///
    /// Every left record comes out, with or without a match (left join).
    Left,
    /// # Keep those of both sides
    ///
    /// Every record of either side comes out (full join).
    Full,
    /// # Only left records without a match
    ///
    /// What the right side lacks (anti join).
    Anti,
    /// # Only left records with a match
    ///
    /// Without any field of the right side (semi join).
    Semi,
}

/// What becomes of a left record with several matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Matches {
    /// # One record for each match
    ///
    /// The left record comes out several times.
    #[default]
    All,
    /// # The first match
    ///
    /// The right record that came first; the others count as matched.
    First,
    /// # Refuse
    ///
    /// The left record goes to `errors`.
    One,
}

const LEFT: &str = "left";
const RIGHT: &str = "right";

impl Transform for Join {
    const INPUTS: &'static [Input] = &[Input::required(LEFT), Input::required(RIGHT)];
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        // which right records have no match shows only when all left ones are known
        if self.kind == Kind::Full { Parts::Whole } else { Parts::Beside(RIGHT) }
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let rules = Rules::new(&self);
        let (mut left, mut right) = self.keys();
        let disk = Disk::of(&context);
        let memory = context.limits().step_memory / 2;
        let mut table = Lookup::default();
        while let Some(batch) = inputs.next_from(RIGHT).await {
            context.go_on()?;
            table.add(batch, &mut right);
            if table.bytes() > memory {
                let mut sorter = Sorter::new(&disk, memory / 2);
                let mut number = 0;
                for batch in table.batches() {
                    put_aside(&mut sorter, batch, &mut right, &mut number)?;
                }
                drop(table);
                while let Some(batch) = inputs.next_from(RIGHT).await {
                    context.go_on()?;
                    put_aside(&mut sorter, &batch, &mut right, &mut number)?;
                }
                let merge = Merge { rules: &rules, disk, memory: memory / 4, refused: Vec::new() };
                return merge.run(sorter, left, (inputs, out, context)).await;
            }
        }
        let mut emitter = Emitter::default();
        let mut matched = vec![false; if rules.kind == Kind::Full { table.len() } else { 0 }];
        while let Some(batch) = inputs.next_from(LEFT).await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            for record in batch.records() {
                let found = left.read(record).then(|| table.first(left.key())).flatten();
                if let Some(reject) = rules.pair_in(&table, (record, found), &mut matched, emitter.builder())
                {
                    out.reject(record, &reject);
                }
                emitter.flow(&mut out).await?;
            }
        }
        for (row, _) in matched.iter().enumerate().filter(|(_, matched)| !**matched) {
            rules.pairing.write(None, table.record(row), emitter.builder());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

impl Join {
    fn keys(&self) -> (Keys, Keys) {
        let style = KeyStyle { text: self.text, natural: false, loose: self.loose };
        let keys = |fields: Vec<Field>| Keys::new(fields, style);
        let left = self.on.iter().map(|pair| Field::new(&pair.left)).collect();
        let right =
            self.on.iter().map(|pair| Field::new(pair.right.as_ref().unwrap_or(&pair.left))).collect();
        (keys(left), keys(right))
    }
}

/// What comes out of a pair.
struct Rules {
    kind: Kind,
    matches: Matches,
    pairing: Pairing,
}

impl Rules {
    fn new(settings: &Join) -> Self {
        let shared = settings.on.iter().filter_map(|pair| {
            let name = pair.left.as_key()?;
            let right = pair.right.as_ref().map_or(Some(name), FieldPath::as_key)?;
            (name == right).then(|| name.into())
        });
        let pairing = Pairing {
            placement: settings.place.clone(),
            conflict: settings.conflict,
            shared: shared.collect(),
        };
        Self { kind: settings.kind, matches: settings.matches, pairing }
    }

    /// Whether a left record comes out although nothing is added to it.
    const fn alone(&self, found: bool) -> bool {
        match self.kind {
            Kind::Inner => false,
            Kind::Left | Kind::Full | Kind::Anti => !found,
            Kind::Semi => found,
        }
    }

    /// Whether right records are added.
    const fn pairs(&self) -> bool {
        matches!(self.kind, Kind::Inner | Kind::Left | Kind::Full)
    }

    /// Why a left record with this many matches is refused.
    fn refuse(&self, matches: usize) -> Option<Reject> {
        (self.matches == Matches::One && matches > 1 && self.pairs()).then(|| {
            Reject::new(msg!(
                "{count} records of the right side match this one: compare more fields, or choose what becomes of several matches",
                count = matches
            ))
        })
    }
}

impl Rules {
    /// Writes what comes of a left record and its matches in memory; says why it is refused.
    fn pair_in(
        &self,
        table: &Lookup,
        (left, found): (Value<'_>, Option<u32>),
        matched: &mut [bool],
        out: &mut BatchBuilder,
    ) -> Option<Reject> {
        if self.kind == Kind::Full {
            for row in table.chain(found) {
                if let Some(matched) = matched.get_mut(row) {
                    *matched = true;
                }
            }
        }
        if self.alone(found.is_some()) {
            out.copy(left);
        }
        if !self.pairs() || found.is_none() {
            return None;
        }
        if self.matches == Matches::One
            && let Some(reject) = self.refuse(table.chain(found).count())
        {
            return Some(reject);
        }
        let most = if self.matches == Matches::First { 1 } else { usize::MAX };
        for row in table.chain(found).take(most) {
            self.pairing.write(Some(left), table.record(row), out);
        }
        None
    }
}

/// Joins two sides that do not fit in memory: both sorted by key, read side by side; the result is sorted
/// back into the order of the left side.
struct Merge<'a> {
    rules: &'a Rules,
    disk: Disk,
    memory: usize,
    refused: Vec<(Batch, Reject)>,
}

impl Merge<'_> {
    async fn run(
        mut self,
        right: Sorter,
        mut keys: Keys,
        (mut inputs, mut out, context): (Inputs, Outputs, Context),
    ) -> Result<(), StepError> {
        let mut left = Sorter::new(&self.disk, self.memory);
        let mut number = 0;
        let mut emitter = Emitter::default();
        while let Some(batch) = inputs.next_from(LEFT).await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            put_aside(&mut left, &batch, &mut keys, &mut number)?;
        }
        let (mut left, mut right) = (left.finish()?, right.finish()?);
        let mut joined = Sorter::new(&self.disk, self.memory);
        let (mut more_left, mut more_right) = (left.advance()?, right.advance()?);
        while more_left || more_right {
            context.go_on()?;
            let order = match (more_left, more_right) {
                (true, true) => left.key().cmp(right.key()),
                (true, false) => std::cmp::Ordering::Less,
                _ => std::cmp::Ordering::Greater,
            };
            if order.is_lt() || (order.is_eq() && left.key() == NO_KEY) {
                self.left_alone(left.record(), &mut joined)?;
                more_left = left.advance()?;
            } else if order.is_gt() {
                self.right_alone(right.record(), &mut joined)?;
                more_right = right.advance()?;
            } else {
                let key = left.key().to_vec();
                let mut group = Bag::new(&self.disk, self.memory);
                more_right = self.gather(&mut right, &key, &mut group)?;
                more_left = true;
                while more_left && left.key() == key {
                    self.pair(left.record(), &group, &mut joined)?;
                    more_left = left.advance()?;
                }
            }
            for (record, reject) in self.refused.drain(..) {
                out.reject(record.record(0), &reject);
            }
        }
        drop((left, right));
        let mut sorted = joined.finish()?;
        while sorted.advance()? {
            emitter.builder().copy(sorted.record());
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }

    fn left_alone(&self, record: Value<'_>, joined: &mut Sorter) -> Result<(), StepError> {
        match numbered(record) {
            Some((number, record)) if self.rules.alone(false) => joined.push(&order_key(0, number), record),
            _ => Ok(()),
        }
    }

    fn right_alone(&self, record: Value<'_>, joined: &mut Sorter) -> Result<(), StepError> {
        match numbered(record) {
            Some((number, record)) if self.rules.kind == Kind::Full => joined
                .push_with(&order_key(1, number), |out| self.rules.pairing.write(None, Some(record), out)),
            _ => Ok(()),
        }
    }

    /// Takes the right records of one key; says whether more follow.
    fn gather(&self, right: &mut Sorted, key: &[u8], group: &mut Bag) -> Result<bool, StepError> {
        let mut more = true;
        while more && right.key() == key {
            if let Some((_, record)) = numbered(right.record())
                && (self.rules.matches != Matches::First || group.is_empty())
            {
                group.push(record)?;
            }
            more = right.advance()?;
        }
        group.close()?;
        Ok(more)
    }

    fn pair(&mut self, left: Value<'_>, group: &Bag, joined: &mut Sorter) -> Result<(), StepError> {
        let Some((number, left)) = numbered(left) else { return Ok(()) };
        let key = order_key(0, number);
        if self.rules.alone(true) {
            return joined.push(&key, left);
        }
        if !self.rules.pairs() {
            return Ok(());
        }
        if let Some(reject) = self.rules.refuse(group.len()) {
            let mut record = BatchBuilder::new();
            record.copy(left);
            self.refused.push((record.take(), reject));
            return Ok(());
        }
        // equal keys keep their order: the matches of one left record stay as they are
        group.each(|right| {
            joined.push_with(&key, |out| self.rules.pairing.write(Some(left), Some(right), out))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::{Probe, Ran};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn run(settings: Json, left: &Json, right: &Json, memory: usize) -> Ran {
        Probe::of(&CONNECTOR, settings).input("left", left).input("right", right).memory(memory).run()
    }

    const PLENTY: usize = 1 << 20;

    #[test]
    fn joins_by_value_and_never_by_nothing() {
        let left = json!([{ "id": 1, "v": "a" }, { "id": null, "v": "b" }, { "v": "c" }, { "id": 2.0, "v": "d" }, { "id": "2", "v": "e" }]);
        let right = json!([{ "id": 2, "v": "x" }, { "id": null, "v": "y" }, { "id": 2, "w": 1 }]);
        let on = json!([{ "left": "id" }]);
        assert_eq!(
            run(json!({ "on": on }), &left, &right, PLENTY).out(),
            json!([{ "id": 2.0, "v": "d", "v_right": "x" }, { "id": 2.0, "v": "d", "w": 1 }])
        );
        assert_eq!(
            run(json!({ "on": on, "kind": "anti", "loose": true }), &left, &right, PLENTY).out(),
            json!([{ "id": 1, "v": "a" }, { "id": null, "v": "b" }, { "v": "c" }])
        );
        assert_eq!(
            run(
                json!({ "on": on, "kind": "full", "matches": "first", "place": { "nest": "r" } }),
                &left,
                &right,
                PLENTY
            )
            .out(),
            json!([
                { "id": 1, "v": "a" }, { "id": null, "v": "b" }, { "v": "c" },
                { "id": 2.0, "v": "d", "r": { "id": 2, "v": "x" } }, { "id": "2", "v": "e" },
                { "r": { "id": null, "v": "y" } }
            ])
        );
        let ran = run(json!({ "on": on, "matches": "one" }), &left, &right, PLENTY);
        assert_eq!(ran.json("errors")[0]["record"], json!({ "id": 2.0, "v": "d" }));
    }

    #[test]
    fn fields_of_one_name() {
        let (left, right) = (json!([{ "id": 1, "v": "a" }]), json!([{ "k": 1, "id": 9, "v": "x" }]));
        let out = |more: Json| {
            let mut settings = json!({ "on": [{ "left": "id", "right": "k" }] });
            settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            run(settings, &left, &right, PLENTY).out()[0].clone()
        };
        assert_eq!(out(json!({})), json!({ "id": 1, "v": "a", "k": 1, "id_right": 9, "v_right": "x" }));
        assert_eq!(out(json!({ "conflict": "keep-left" })), json!({ "id": 1, "v": "a", "k": 1 }));
        assert_eq!(out(json!({ "conflict": "keep-right" })), json!({ "k": 1, "id": 9, "v": "x" }));
        assert_eq!(
            out(json!({ "place": { "prefix": "r_" } })),
            json!({ "id": 1, "v": "a", "r_k": 1, "r_id": 9, "r_v": "x" })
        );
    }

    fn naive(kind: &str, matches: &str, left: &[Option<i64>], right: &[Option<i64>]) -> Vec<(i64, i64)> {
        let number = |at: usize| i64::try_from(at).unwrap();
        let mut pairs = Vec::new();
        for (l, a) in left.iter().enumerate() {
            let found: Vec<_> =
                right.iter().enumerate().filter(|(_, b)| a.is_some() && a == *b).map(|(r, _)| r).collect();
            match kind {
                "anti" if found.is_empty() => pairs.push((number(l), -1)),
                "semi" if !found.is_empty() => pairs.push((number(l), -1)),
                "anti" | "semi" => {}
                _ if found.is_empty() && kind != "inner" => pairs.push((number(l), -1)),
                _ if matches == "one" && found.len() > 1 => {}
                _ if matches == "first" => pairs.extend(found.first().map(|r| (number(l), number(*r)))),
                _ => pairs.extend(found.iter().map(|r| (number(l), number(*r)))),
            }
        }
        if kind == "full" {
            let alone = right.iter().enumerate().filter(|(_, b)| b.is_none() || !left.contains(b));
            pairs.extend(alone.map(|(r, _)| (-1, number(r))));
        }
        pairs
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn as_a_nested_loop_whatever_the_memory(
            left in proptest::collection::vec(proptest::option::of(0_i64..20), 0..60),
            right in proptest::collection::vec(proptest::option::of(0_i64..20), 0..60),
            kind in prop_oneof![Just("inner"), Just("left"), Just("full"), Just("anti"), Just("semi")],
            matches in prop_oneof![Just("all"), Just("first"), Just("one")],
        ) {
            let records = |keys: &[Option<i64>], name: &str| -> Json {
                keys.iter().enumerate().map(|(n, key)| json!({ "k": key, name: n })).collect()
            };
            let settings = json!({ "on": [{ "left": "k" }], "kind": kind, "matches": matches });
            let (l, r) = (records(&left, "l"), records(&right, "r"));
            let expected = naive(kind, matches, &left, &right);
            for memory in [PLENTY, 1_500] {
                let ran = run(settings.clone(), &l, &r, memory);
                let out: Vec<_> = ran.out().as_array().unwrap().iter().map(|record| {
                    (record["l"].as_i64().unwrap_or(-1), record["r"].as_i64().unwrap_or(-1))
                }).collect();
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
