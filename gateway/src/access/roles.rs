//! What somebody may do with a workflow.

use crate::{App, Problem};
use bus_core::api::Role;
use workers::BusError;

/// The role of an account on a workflow; none if it may not even know of it.
pub(crate) async fn on_workflow(app: &App, account: &str, workflow: &str) -> Result<Option<Role>, Problem> {
    let workflow = match app.bus().workflows().get(workflow).await {
        Ok(workflow) => workflow,
        Err(BusError::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(workflow.role(&app.who(account).await?))
}

/// The workflow of a run.
pub(crate) async fn workflow_of_run(app: &App, run: &str) -> Result<Option<String>, Problem> {
    match app.bus().workflow_of(run).await {
        Ok(workflow) => Ok(Some(workflow)),
        Err(BusError::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
