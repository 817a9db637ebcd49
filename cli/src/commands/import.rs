use crate::{
    arguments::ImportArguments,
    document,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::{api::Translation, msg};
use connectors::import::{Import, import};
use serde_json::json;
use std::fs;

/// The most that is read of an export: more than any that is imported.
const MOST_BYTES: u64 = (16 << 20) + 1;

/// Makes a workflow of an export of the Node.js Semantic Bus.
///
/// The document goes to the file or to standard output, the report to standard error, or as data to standard
/// output where that is free. Values of secrets are written nowhere.
pub(crate) fn run(asked: &ImportArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let text = document::text(&asked.file, MOST_BYTES)?;
    let made = import(&text, terminal.language()).map_err(|error| {
        let problem = error.text(terminal.language());
        Failure {
            exit: Exit::File,
            message: msg!("{file}: {problem}", file = &asked.file, problem = problem),
        }
    })?;
    let document = made.workflow.to_yaml();
    match &asked.output {
        Some(path) => fs::write(path, document).map_err(|error| Failure::file(path, &error))?,
        None => {
            terminal.data(&document)?;
        }
    }
    if asked.report.is_none() {
        terminal.note(&made.text(terminal.language()));
        return Ok(Exit::Done);
    }
    let report = format!("{:#}\n", data(&made, terminal));
    if asked.output.is_some() {
        return terminal.data(&report);
    }
    terminal.note(report.trim_end());
    Ok(Exit::Done)
}

/// The report as data: all but the document.
fn data(made: &Import, terminal: &Terminal) -> serde_json::Value {
    let answer = made.answer(terminal.language());
    let count = |wanted: Translation| answer.steps.iter().filter(|step| step.translation == wanted).count();
    json!({
        "converted": count(Translation::Converted),
        "approximated": count(Translation::Approximated),
        "unsupported": count(Translation::Unsupported),
        "steps": answer.steps,
        "findings": answer.findings,
        "secrets": made.secrets.iter().map(|secret| secret.name.as_str()).collect::<Vec<_>>(),
    })
}
