//! Records typed in by hand.

use crate::contract::{Connector, Context, Outputs, Reading, Source};
use bus_core::{error::StepError, msg, record::BatchBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::source::<Records>("records");

/// # Typed-in records
///
/// Records written in the workflow itself: a small table of codes, a few places, an example to try a
/// workflow with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "pencil", "x-group" = "input"))]
struct Records {
    /// # Records
    ///
    /// A list of records.
    #[schemars(extend("x-form" = "code"))]
    records: Vec<serde_json::Value>,
}

impl Source for Records {
    async fn read(self, mut out: Outputs, context: Context) -> Result<Reading, StepError> {
        // what is written in the workflow changes with the workflow, which then forgets
        if context.remembered().is_some() {
            return Ok(Reading::Unchanged);
        }
        let mut builder = BatchBuilder::new();
        for record in &self.records {
            let built = builder.json(record);
            built.map_err(|error| StepError::settings(msg!("{problem}", problem = error.to_string())))?;
            if builder.is_full() {
                out.send(builder.take()).await?;
            }
        }
        out.send(builder.take()).await?;
        context.remember(true.into());
        Ok(Reading::Complete)
    }
}
