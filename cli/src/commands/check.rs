use crate::{
    arguments::CheckArguments,
    document::Document,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::msg;
use serde_json::json;

/// Says everything that is wrong with workflows: on standard output, since that is what was asked for.
pub(crate) fn run(asked: &CheckArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut found = Vec::new();
    for name in &asked.workflows {
        let document = Document::read(name)?;
        let (errors, warnings) = document.counts();
        if errors > 0 {
            exit = Exit::Refused;
        }
        if asked.json {
            found.extend(document.problems.iter().map(|problem| {
                let text = |message: &bus_core::Message| message.text(terminal.language());
                json!({
                    "file": name,
                    "severity": problem.severity,
                    "line": problem.place.map(|place| place.line),
                    "column": problem.place.map(|place| place.column),
                    "step": problem.step,
                    "field": problem.field,
                    "problem": text(&problem.problem),
                    "advice": problem.advice.as_ref().map(text),
                })
            }));
            continue;
        }
        terminal.data(&document.report(terminal.language()))?;
        if errors + warnings == 0 {
            terminal.say(&msg!("{file}: nothing to say", file = name));
        } else {
            terminal.say(&msg!(
                "{file}: errors: {errors}, warnings: {warnings}",
                file = name,
                errors = errors,
                warnings = warnings
            ));
        }
    }
    if asked.json {
        terminal.data(&format!("{:#}\n", json!(found)))?;
    }
    Ok(exit)
}
