//! Takes records and lets them go.

use crate::contract::{Connector, Context, Inputs, Outputs, Receipt, Sink};
use bus_core::error::StepError;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::sink::<Discard>("discard");

/// # Discard
///
/// Takes records and lets them go: to try a workflow, or to measure it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "trash", "x-group" = "output"))]
struct Discard {}

impl Sink for Discard {
    async fn write(self, mut input: Inputs, _: Outputs, context: Context) -> Result<Receipt, StepError> {
        let mut receipt = Receipt::default();
        while let Some(batch) = input.next().await {
            receipt.written += batch.len() as u64;
        }
        context.go_on()?;
        Ok(receipt)
    }
}
