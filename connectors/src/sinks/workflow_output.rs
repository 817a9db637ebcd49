//! Where records leave a workflow that is used as a step.

use crate::contract::{Connector, Context, Inputs, Outputs, Receipt, Sink};
use bus_core::error::StepError;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::sink::<WorkflowOutput>("workflow-output");

/// # Workflow output
///
/// Where records leave a workflow that another one uses as a step: they go where that step is linked to.
///
/// When the workflow is run by itself, they are counted and let go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "log-out", "x-group" = "output"))]
struct WorkflowOutput {}

impl Sink for WorkflowOutput {
    async fn write(self, mut input: Inputs, _: Outputs, context: Context) -> Result<Receipt, StepError> {
        let mut receipt = Receipt::default();
        while let Some(batch) = input.next().await {
            receipt.written += batch.len() as u64;
        }
        context.go_on()?;
        Ok(receipt)
    }
}
