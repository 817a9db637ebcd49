//! What a command line changes in a workflow: other files for its sources and sinks, values for its
//! parameters.

use crate::exit::Failure;
use bus_core::{
    Message,
    catalogue::{Catalogue as _, Kind},
    msg,
    nearest::nearest,
    workflow::{Step, Workflow},
};
use connectors::Connectors;
use serde_json::{Map, Value};
use std::{collections::HashMap, path::absolute};

/// Other files for some steps.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    inputs: Vec<(String, String)>,
    outputs: Vec<(String, String)>,
}

/// The source and the sink that stand for a file.
pub(crate) const FILE_SOURCE: &str = "file";
pub(crate) const FILE_SINK: &str = "file-out";
/// The source that stands for an address of the web.
const WEB_SOURCE: &str = "http";
/// What stands for standard input and output.
pub(crate) const STANDARD: &str = "-";

/// Reads `step=FILE` for inputs and outputs.
pub(crate) fn read(inputs: &[String], outputs: &[String]) -> Result<Changes, Failure> {
    Ok(Changes {
        inputs: pairs(inputs, "--input step=FILE")?,
        outputs: pairs(outputs, "--output step=FILE")?,
    })
}

fn pairs(texts: &[String], form: &str) -> Result<Vec<(String, String)>, Failure> {
    texts.iter().map(|text| pair(text, form)).collect()
}

/// A name and what is given to it.
pub(crate) fn pair(text: &str, form: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(Failure::usage(msg!("`{text}` lacks a part: write `{form}`", text = text, form = form))),
    }
}

impl Changes {
    /// Whether a sink writes to standard output.
    pub(crate) fn writes_standard_output(&self) -> bool {
        // what is said last of a step counts
        let last: HashMap<&str, &str> =
            self.outputs.iter().map(|(step, file)| (step.as_str(), file.as_str())).collect();
        last.into_values().any(|file| file == STANDARD)
    }

    /// Puts the files in place of what the steps read and write.
    pub(crate) fn apply(&self, workflow: &mut Workflow) -> Result<(), Failure> {
        for (id, file) in &self.inputs {
            replace(step(workflow, id)?, file, Kind::Source)?;
        }
        for (id, file) in &self.outputs {
            replace(step(workflow, id)?, file, Kind::Sink)?;
        }
        Ok(())
    }
}

fn step<'a>(workflow: &'a mut Workflow, id: &str) -> Result<&'a mut Step, Failure> {
    let near = nearest(id, workflow.steps.iter().map(|step| step.id.as_str())).map(str::to_owned);
    workflow.steps.iter_mut().find(|step| step.id == id).ok_or_else(|| {
        Failure::usage(match near {
            Some(near) => msg!("there is no step `{id}`: did you mean `{near}`?", id = id, near = near),
            None => msg!("there is no step `{step}`", step = id),
        })
    })
}

/// The source that reads a file, or an address of the web, and what it is told.
pub(crate) fn source(name: &str) -> Result<(&'static str, Map<String, Value>), Failure> {
    let web = ["https://", "http://"].iter().any(|scheme| name.starts_with(scheme));
    let (connector, setting, value) = if web {
        (WEB_SOURCE, "url", name.replace("${", "$${").into())
    } else {
        (FILE_SOURCE, "path", path(name)?)
    };
    Ok((connector, Map::from_iter([(setting.to_owned(), value)])))
}

/// Makes a source or sink one of a file: only the name changes if it is one already.
fn replace(step: &mut Step, file: &str, kind: Kind) -> Result<(), Failure> {
    let found = Connectors.entry(&step.connector).map(|entry| entry.kind);
    if found.is_some_and(|found| found != kind) {
        return Err(Failure::usage(match kind {
            Kind::Source => msg!("the step `{step}` is not a source", step = &step.id),
            Kind::Transform | Kind::Sink => msg!("the step `{step}` is not a sink", step = &step.id),
        }));
    }
    let (connector, settings) = match kind {
        Kind::Source => source(file)?,
        Kind::Transform | Kind::Sink => (FILE_SINK, Map::from_iter([("path".to_owned(), path(file)?)])),
    };
    if step.connector != connector {
        connector.clone_into(&mut step.connector);
        step.settings = Map::new();
    }
    // patterns and further names belonged to what stood there
    step.settings.shift_remove("more");
    step.settings.extend(settings);
    Ok(())
}

/// A file named on the command line, as a setting: from where the program was started, not from the folder
/// of the workflow, and with no parameters in it.
pub(crate) fn path(file: &str) -> Result<Value, Failure> {
    if file == STANDARD {
        return Ok(file.into());
    }
    let path = absolute(file).map_err(|error| Failure::file(file, &error))?;
    Ok(path.to_string_lossy().replace("${", "$${").into())
}

/// Reads `name=value` for the parameters of a workflow: all that is wrong with them at once.
pub(crate) fn parameters(workflow: &Workflow, given: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut values = Map::new();
    let mut wrong: Vec<Message> = Vec::new();
    for text in given {
        let (name, text) = pair(text, "--param name=value")?;
        let kind = workflow.parameters.get(&name).map(|parameter| parameter.kind);
        let value = kind.map_or(Some(Value::from(text.as_str())), |kind| kind.read(&text));
        match (value, kind) {
            (Some(value), _) => drop(values.insert(name, value)),
            (None, Some(kind)) => {
                let problem = msg!("`{value}` is not {kind}", value = text, kind = kind.name());
                wrong.push(msg!("parameter `{name}`: {problem}", name = &name, problem = problem));
                values.insert(name, Value::Null);
            }
            (None, None) => {}
        }
    }
    let known_wrong = |name: &str| values.get(name).is_some_and(Value::is_null);
    if let Err(others) = workflow.bind(&values, |_| false) {
        let others = others.into_iter().filter(|(name, _)| !known_wrong(name));
        wrong.extend(others.map(|(_, problem)| problem));
    }
    let all = wrong.into_iter().reduce(|all, next| msg!("{first}; {next}", first = all, next = next));
    all.map_or(Ok(values), |message| Err(Failure::usage(message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workflow() -> Workflow {
        let text = "{ version: 1, parameters: { n: { type: integer }, t: {} }, steps: [
            { id: a, connector: records, settings: { records: [] } },
            { id: f, connector: file, settings: { path: x, format: csv, more: [y] } },
            { id: z, connector: discard }, { id: k, connector: filter, settings: { keep: 'params.t > 1' } } ] }";
        Workflow::load(text).unwrap().workflow
    }

    fn changed(inputs: &[&str], outputs: &[&str]) -> Result<Workflow, String> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut workflow = workflow();
        let changes = read(&texts(inputs), &texts(outputs)).map_err(|failure| failure.message.to_string())?;
        changes.apply(&mut workflow).map_err(|failure| failure.message.to_string())?;
        Ok(workflow)
    }

    #[test]
    fn files_take_the_place_of_sources_and_sinks() {
        let workflow = changed(&["a=-", "f=/tmp/${b}"], &["z=/tmp/c"]).unwrap();
        let settings = |id| Value::Object(workflow.step(id).unwrap().settings.clone());
        assert_eq!(settings("a"), json!({ "path": "-" }));
        assert_eq!(settings("f"), json!({ "path": "/tmp/$${b}", "format": "csv" }));
        assert_eq!(settings("z"), json!({ "path": "/tmp/c" }));
        assert_eq!(workflow.step("z").unwrap().connector, "file-out");
        let workflow = changed(&["f=https://example.org/${b}.csv"], &[]).unwrap();
        let step = workflow.step("f").unwrap();
        assert_eq!(step.connector, "http");
        assert_eq!(Value::Object(step.settings.clone()), json!({ "url": "https://example.org/$${b}.csv" }));
    }

    #[test]
    fn what_cannot_be_replaced() {
        for (inputs, outputs, said) in [
            (&["a"][..], &[][..], "`a` lacks a part: write `--input step=FILE`"),
            (&["b=x"], &[], "there is no step `b`"),
            (&["z=x"], &[], "the step `z` is not a source"),
            (&[], &["a=x"], "the step `a` is not a sink"),
        ] {
            assert_eq!(changed(inputs, outputs).unwrap_err(), said);
        }
    }

    #[test]
    fn parameters_are_read_by_their_type() {
        let read = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            parameters(&workflow(), &texts).map(Value::Object).map_err(|failure| failure.message.to_string())
        };
        assert_eq!(read(&["n=3", "t=a=b"]), Ok(json!({ "n": 3, "t": "a=b" })));
        assert_eq!(
            read(&["n=x", "u=1"]).unwrap_err(),
            "parameter `n`: `x` is not a whole number; there is no parameter `u`; \
             the parameter `t` has no default: give it a value"
        );
    }
}
