//! Lets the first records through.

use crate::contract::{Connector, Context, Inputs, Outputs, Transform};
use bus_core::{catalogue::Parts, error::StepError};
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
    const REGROUPS: bool = true;

    fn parts(&self) -> Parts {
        Parts::Start
    }

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
    use std::sync::Arc;

    #[test]
    fn lets_the_first_through() {
        let records = json!([{ "a": 1 }, { "a": { "$masked": "S" } }, { "a": 3 }]);
        let ran = Probe::of(&CONNECTOR, json!({ "records": 2 })).input("in", &records).run();
        assert_eq!(ran.out(), json!([{ "a": 1 }, { "a": { "$masked": "S" } }]));
    }

    /// Source without end → flatten → limit: the limit ends the step before it.
    #[tokio::test]
    async fn the_step_before_it_ends_too() {
        use crate::contract::Limits;
        use crate::kit::probe::{batch_of, context};
        use tokio::sync::mpsc;

        let folder = tempfile::tempdir().unwrap();
        let context = || context(Limits::default(), folder.path());
        let (source, receiver) = mpsc::channel(1);
        let (link, limited) = mpsc::channel(1);
        let (first, second) = (context(), context());
        let flatten = crate::transforms::flatten::CONNECTOR.start(&json!({})).unwrap();
        let flatten = flatten.run(
            Inputs::new(vec![("in", receiver)], Arc::clone(first.meter())),
            Outputs::new(vec![("out", vec![link])], first.clone()),
            first,
        );
        let limit = CONNECTOR.start(&json!({ "records": 1 })).unwrap();
        let limit = limit.run(
            Inputs::new(vec![("in", limited)], Arc::clone(second.meter())),
            Outputs::new(Vec::new(), second.clone()),
            second,
        );
        // more than one batch, and a source that then waits for ever
        let feed = async {
            for _ in 0..3 {
                let records: serde_json::Value = (0..1_024).map(|n| json!({ "n": n })).collect();
                if source.send(batch_of(&records)).await.is_err() {
                    break;
                }
            }
        };
        let all = async { tokio::join!(feed, flatten, limit) };
        let ended = tokio::time::timeout(std::time::Duration::from_secs(10), all).await;
        let (_, flattened, limited) = ended.unwrap();
        assert!(flattened.is_ok() && limited.is_ok());
    }
}
