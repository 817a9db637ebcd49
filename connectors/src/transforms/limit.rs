//! Lets the first records through.

use crate::contract::{Connector, Context, Inputs, Outputs, Transform};
use bus_core::error::StepError;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Limit>("limit");

/// # Limit
///
/// Lets the first records through and stops the rest, also at the source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "scissors", "x-group" = "rows"))]
struct Limit {
    /// # Records
    ///
    /// How many records go through.
    #[schemars(extend("examples" = [100]))]
    records: usize,
}

impl Transform for Limit {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut left = self.records;
        while left > 0 {
            let Some(batch) = inputs.next().await else { break };
            let some: Vec<usize> = (0..batch.len().min(left)).collect();
            left -= some.len();
            out.send(batch.select(&some)).await?;
        }
        Ok(())
    }
}
