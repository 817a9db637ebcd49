//! Where records come into a workflow that is used as a step.

use crate::contract::{Connector, Context, Outputs, Reading, Source};
use bus_core::{error::StepError, msg, record::BatchBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::source::<WorkflowInput>("workflow-input");

/// # Workflow input
///
/// Where records come into a workflow that another one uses as a step: those that are linked to that step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "log-in", "x-group" = "input"))]
struct WorkflowInput {
    /// # Sample
    ///
    /// Records that stand for those of the other workflow while this one is run by itself, to try it.
    #[serde(default)]
    #[schemars(extend("x-form" = "code"))]
    sample: Vec<serde_json::Value>,
}

impl Source for WorkflowInput {
    async fn read(self, mut out: Outputs, _: Context) -> Result<Reading, StepError> {
        if self.sample.is_empty() {
            return Err(StepError::settings(msg!(
                "this workflow takes its records from another one: use it there as a step `workflow`, or give this step a sample to try it"
            )));
        }
        let mut builder = BatchBuilder::new();
        for record in &self.sample {
            let built = builder.json(record);
            built.map_err(|error| StepError::settings(msg!("{problem}", problem = error.to_string())))?;
            if builder.is_full() {
                out.send(builder.take()).await?;
            }
        }
        out.send(builder.take()).await?;
        Ok(Reading::Complete)
    }
}
