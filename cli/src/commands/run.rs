use crate::{
    arguments::RunArguments,
    changes,
    document::Document,
    execute::{self, Asked},
    exit::{Exit, Failure},
    library,
    terminal::Terminal,
};
use std::path::PathBuf;

/// Runs a workflow.
pub(crate) fn run(asked: &RunArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let changes = changes::read(&asked.inputs, &asked.outputs)?;
    let document = Document::read_and(&asked.workflow, |workflow| changes.apply(workflow))?;
    let Some(workflow) = document.sound(asked.manner.quiet, terminal) else { return Ok(Exit::Refused) };
    let parameters = changes::parameters(workflow, &asked.parameters)?;
    let asked = Asked {
        parameters,
        folder: library::folder(&asked.workflow),
        memory: asked.remember.as_ref().map(PathBuf::from),
        manner: &asked.manner,
        outside: &asked.outside,
        data_on_standard_output: changes.writes_standard_output(),
    };
    execute::execute(workflow, asked, terminal)
}
