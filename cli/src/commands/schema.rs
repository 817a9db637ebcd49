use super::connectors::known;
use crate::{
    arguments::SchemaArguments,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::workflow::Workflow;

/// Prints the JSON Schema of workflow documents, or of a connector's settings.
pub(crate) fn run(asked: &SchemaArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = match &asked.connector {
        Some(id) => known(id)?.schema.clone(),
        None => Workflow::schema(),
    };
    terminal.data(&format!("{schema:#}\n"))
}
