//! Lets a stretch of the records through.

use crate::contract::{Connector, Context, Inputs, Outputs, Transform};
use bus_core::{catalogue::Parts, error::StepError, msg};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU64;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Slice>("slice");

/// # Slice
///
/// Lets the records from one place to another through, counted from 1, and stops the rest, also at the source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "scissors", "x-group" = "rows"))]
struct Slice {
    /// # From
    ///
    /// The first record that goes through.
    #[serde(default = "first")]
    from: NonZeroU64,
    /// # To
    ///
    /// The last record that goes through; all that follow, if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = [100]))]
    to: Option<NonZeroU64>,
}

const fn first() -> NonZeroU64 {
    NonZeroU64::MIN
}

impl Transform for Slice {
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        Parts::Start
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let (from, to) = (self.from.get(), self.to.map_or(u64::MAX, NonZeroU64::get));
        if to < from {
            return Err(StepError::settings(msg!(
                "the slice ends ({to}) before it starts ({from})",
                to = to,
                from = from
            )));
        }
        let mut before = 0_u64;
        while before < to {
            let Some(batch) = inputs.next().await else { break };
            let number = |row: &usize| before + *row as u64 + 1;
            let some: Vec<usize> =
                (0..batch.len()).filter(|row| (from..=to).contains(&number(row))).collect();
            before += batch.len() as u64;
            if some.len() == batch.len() {
                out.send(batch).await?;
            } else {
                out.send(batch.select(&some)).await?;
            }
        }
        Ok(())
    }
}
