use crate::{
    arguments::ConvertArguments,
    changes::{self, FILE_SINK, STANDARD},
    document::Document,
    execute::{self, Asked},
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::{
    msg,
    nearest::nearest,
    workflow::{Link, Step, Workflow},
    yaml,
};
use connectors::formats;
use serde_json::{Map, Value};
use std::{fs, path::PathBuf};

/// Converts a file: a workflow of two steps, or three with a context, through the same engine.
pub(crate) fn run(asked: &ConvertArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut workflow = Workflow::new("convert");
    workflow.steps.push(step("in", changes::source(&asked.input)?, asked.from.as_deref())?);
    if let Some(context) = &asked.context {
        workflow.steps.push(context_step(context)?);
    }
    let written = Map::from_iter([("path".to_owned(), changes::path(&asked.output)?)]);
    workflow.steps.push(step("out", (FILE_SINK, written), asked.to.as_deref())?);
    if asked.output == STANDARD && asked.to.is_none() {
        return Err(Failure::usage(msg!(
            "standard output has no name to tell the format: add `--to FORMAT`"
        )));
    }
    let ids: Vec<String> = workflow.steps.iter().map(|step| step.id.clone()).collect();
    let pairs = ids.iter().zip(ids.iter().skip(1));
    workflow.links = pairs.map(|(from, to)| Link::between(from, to)).collect();
    let document = Document::made(workflow);
    let Some(workflow) = document.sound(asked.manner.quiet, terminal) else { return Ok(Exit::Usage) };
    let run = Asked {
        parameters: Map::new(),
        folder: PathBuf::from("."),
        memory: None,
        manner: &asked.manner,
        outside: &asked.outside,
        data_on_standard_output: asked.output == STANDARD,
    };
    execute::execute(workflow, run, terminal)
}

fn step(
    id: &str,
    (connector, mut settings): (&str, Map<String, Value>),
    format: Option<&str>,
) -> Result<Step, Failure> {
    if let Some(format) = format {
        settings.insert("format".into(), self::format(format)?);
    }
    Ok(Step { id: id.into(), connector: connector.into(), settings, ..Step::default() })
}

/// A format as typed: its id, or with settings as in a workflow (`csv: { delimiter: ";" }`).
pub(super) fn format(text: &str) -> Result<Value, Failure> {
    let value = yaml::read(text)
        .map_err(|error| Failure::usage(msg!("`{text}`: {problem}", text = text, problem = error.message)))?;
    let Value::String(id) = &value.value else { return Ok(value.value) };
    if formats::ALL.iter().any(|format| format.id() == id) {
        return Ok(value.value);
    }
    // the ending of a file name is often what comes to mind
    if let Some(choice) = formats::FormatChoice::of_name(&format!("x.{id}")) {
        return Ok(choice.format().id().into());
    }
    Err(Failure::usage(match nearest(id, formats::ALL.iter().map(|format| format.id())) {
        Some(near) => msg!("there is no format `{id}`: did you mean `{near}`?", id = id, near = near),
        None => {
            let known: Vec<String> = formats::ALL.iter().map(|format| format!("`{}`", format.id())).collect();
            msg!("there is no format `{id}`; known are {known}", id = id, known = known.join(", "))
        }
    }))
}

/// The step that gives records a JSON-LD context, from a file or as typed.
fn context_step(context: &str) -> Result<Step, Failure> {
    let text = if context.trim_start().starts_with('{') {
        context.to_owned()
    } else {
        fs::read_to_string(context).map_err(|error| Failure::file(context, &error))?
    };
    let document = yaml::read(&text).map_err(|error| {
        Failure::usage(msg!("{file}: {problem}", file = context, problem = error.to_string()))
    })?;
    // a file may hold the context itself or a document with one
    let context = match document.value {
        Value::Object(mut members) if members.contains_key("@context") => {
            members.shift_remove("@context").unwrap_or_default()
        }
        other => other,
    };
    let mut settings = Map::new();
    settings.insert("context".into(), escaped(context));
    Ok(Step { id: "context".into(), connector: "set-context".into(), settings, ..Step::default() })
}

/// The same value with no parameters in its texts.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace("${", "$${").into(),
        Value::Array(items) => items.into_iter().map(escaped).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, escaped(value))).collect(),
        other => other,
    }
}
