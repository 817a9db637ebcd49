//! Another workflow, used as a step.

use crate::contract::{Connector, Context, Inputs, Outputs, Transform};
use bus_core::{catalogue::Input, error::StepError, msg};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Workflow>("workflow");

/// # Workflow
///
/// Another workflow, used as a step: its steps run in the place of this one.
///
/// What is linked to this step comes out of its step `workflow-input`; what reaches its step `workflow-output`
/// leaves this one. Records that its steps refuse leave by `errors`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "workflow", "x-group" = "combine", "x-outside" = true))]
#[expect(
    dead_code,
    reason = "read by the expansion, which puts the workflow's steps here before anything runs"
)]
struct Workflow {
    /// # Workflow
    ///
    /// The id or the name of the workflow; from the command line, the name of its file, which starts at the folder of
    /// the document that uses it.
    #[schemars(extend("examples" = ["meteo.yaml"]), length(min = 1))]
    workflow: String,
    /// # Parameters
    ///
    /// Values of its parameters; those that are not here have their defaults.
    #[serde(default)]
    parameters: Vec<Given>,
}

/// A parameter and its value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read by the expansion, which puts the workflow's steps here before anything runs"
)]
struct Given {
    /// # Parameter
    ///
    /// Its name.
    name: String,
    /// # Value
    ///
    /// Its value; it may hold `${parameter}` of the workflow the step stands in.
    value: String,
}

impl Transform for Workflow {
    const INPUTS: &'static [Input] = &[Input::optional(bus_core::catalogue::IN)];

    async fn apply(self, _: Inputs, _: Outputs, _: Context) -> Result<(), StepError> {
        Err(StepError::settings(msg!(
            "a workflow in the place of a step runs only as part of the workflow it stands in"
        )))
    }
}
