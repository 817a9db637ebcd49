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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use serde_json::json;

    #[test]
    fn lets_the_first_through() {
        let records = json!([{ "a": 1 }, { "a": { "$masked": "S" } }, { "a": 3 }]);
        let ran = Probe::of(&CONNECTOR, json!({ "records": 2 })).input("in", &records).run();
        assert_eq!(ran.out(), json!([{ "a": 1 }, { "a": { "$masked": "S" } }]));
    }
}
