//! Takes some of the records.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::emit::Emitter,
};
use bus_core::{
    error::StepError,
    msg,
    record::{Batch, BatchBuilder},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::{NonZeroU64, NonZeroUsize};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Sample>("sample");

/// # Sample
///
/// Takes some of the records and keeps their order. The same seed draws the same records again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "dices", "x-group" = "rows"))]
struct Sample {
    /// # Take
    ///
    /// Which records: one in so many, a share drawn at random, or so many drawn at random.
    #[schemars(extend("examples" = [{ "every": 10 }, { "share": 0.01 }, { "records": 1000 }]))]
    take: Take,
    /// # Seed
    ///
    /// Another number draws other records.
    #[serde(default)]
    seed: u64,
}

/// Which records are taken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Take {
    /// # One in so many
    ///
    /// The first, and then every so many.
    Every(NonZeroU64),
    /// # A share
    ///
    /// Each record with this probability, from 0 to 1.
    Share(f64),
    /// # So many
    ///
    /// This number of records, each with the same probability.
    Records(NonZeroUsize),
}

impl Transform for Sample {
    const REGROUPS: bool = true;

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut random = Random(self.seed);
        let mut number = 0_u64;
        let share = match self.take {
            Take::Records(most) => {
                return Reservoir::new(most.get(), random).run((inputs, out, context)).await;
            }
            Take::Every(_) => 1.0,
            Take::Share(share) => share,
        };
        if !(0.0..=1.0).contains(&share) {
            return Err(StepError::settings(msg!("{share} is no share from 0 to 1", share = share)));
        }
        while let Some(batch) = inputs.next().await {
            let rows = (0..batch.len()).filter(|_| {
                number += 1;
                match self.take {
                    Take::Every(every) => (number - 1) % every == 0,
                    Take::Share(_) | Take::Records(_) => random.fraction() < share,
                }
            });
            let rows: Vec<usize> = rows.collect();
            out.send(batch.select(&rows)).await?;
        }
        Ok(())
    }
}

/// SplitMix64: the same numbers everywhere, good enough to draw records.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `end`.
    const fn below(&mut self, end: u64) -> u64 {
        // a multiplication keeps the bias below 2⁻⁶⁴ · end
        ((self.next() as u128 * end as u128) >> 64) as u64
    }
}

/// As many records as wanted, each of all that came with the same probability.
struct Reservoir {
    most: usize,
    random: Random,
    /// The records with their numbers.
    kept: Vec<(u64, Batch)>,
    bytes: usize,
}

impl Reservoir {
    const fn new(most: usize, random: Random) -> Self {
        Self { most, random, kept: Vec::new(), bytes: 0 }
    }

    async fn run(
        mut self,
        (mut inputs, mut out, context): (Inputs, Outputs, Context),
    ) -> Result<(), StepError> {
        let mut emitter = Emitter::default();
        let mut number = 0_u64;
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            emitter.follow(&batch, &mut out).await?;
            for record in batch.records() {
                number += 1;
                let place = if self.kept.len() < self.most {
                    self.kept.len()
                } else {
                    usize::try_from(self.random.below(number)).unwrap_or(usize::MAX)
                };
                if place < self.most {
                    let mut copy = BatchBuilder::new();
                    copy.copy(record);
                    self.keep(place, (number, copy.take()));
                }
            }
            if self.bytes > context.limits().step_memory {
                return Err(StepError::data(msg!(
                    "the sample does not fit in the {limit} bytes a step may hold (limit `step_memory`): take fewer records, or a share",
                    limit = context.limits().step_memory
                )));
            }
        }
        self.kept.sort_by_key(|(number, _)| *number);
        for (_, record) in &self.kept {
            emitter.builder().copy(record.record(0));
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }

    fn keep(&mut self, place: usize, record: (u64, Batch)) {
        self.bytes += record.1.size() + size_of::<Batch>();
        match self.kept.get_mut(place) {
            Some(old) => {
                self.bytes -= old.1.size() + size_of::<Batch>();
                *old = record;
            }
            None => self.kept.push(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use serde_json::{Value as Json, json};

    fn sampled(settings: Json) -> Vec<i64> {
        let records: Json = (0..2_000).map(|n| json!({ "n": n })).collect();
        let out = Probe::of(&CONNECTOR, settings).input("in", &records).run().out();
        out.as_array().unwrap().iter().map(|record| record["n"].as_i64().unwrap()).collect()
    }

    #[test]
    fn draws_fairly_and_again() {
        let some = sampled(json!({ "take": { "records": 400 } }));
        assert_eq!(some.len(), 400);
        assert!(some.is_sorted());
        let early = some.iter().filter(|n| **n < 1_000).count();
        assert!((150..250).contains(&early), "{early}");
        assert_eq!(some, sampled(json!({ "take": { "records": 400 } })));
        assert_ne!(some, sampled(json!({ "take": { "records": 400 }, "seed": 1 })));
        let share = sampled(json!({ "take": { "share": 0.1 } })).len();
        assert!((150..250).contains(&share), "{share}");
        assert_eq!(sampled(json!({ "take": { "every": 500 } })), [0, 500, 1_000, 1_500]);
        assert_eq!(sampled(json!({ "take": { "records": 5_000 } })).len(), 2_000);
    }
}
