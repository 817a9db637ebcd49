use crate::{
    arguments::PlanArguments,
    document::Document,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::plan::plan;
use connectors::Connectors;
use serde_json::json;

/// Shows the stages of a workflow.
pub(crate) fn run(asked: &PlanArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let document = Document::read(&asked.workflow)?;
    let Some(workflow) = document.sound(false, terminal) else { return Ok(Exit::Refused) };
    let plan = plan(workflow, &Connectors);
    if asked.json {
        terminal.data(&format!("{:#}\n", json!(plan)))
    } else {
        terminal.data(&plan.text(terminal.language()))
    }
}
