use super::{VERSION, Workflow, link::chain, parameter::is_name};
use crate::{
    check::{Problem, conform, of_parser},
    msg,
    yaml::{self, Document, Places, join_index, join_key},
};
use serde_json::Value;
use std::sync::LazyLock;

/// A workflow that was read from a text, with the place of each of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The workflow.
    pub workflow: Workflow,
    /// Where its parts stand in the text.
    pub places: Places,
    /// For each link, the path of the entry it was written in.
    pub(crate) link_paths: Vec<String>,
}

static SCHEMA: LazyLock<Value> = LazyLock::new(Workflow::schema);

impl Workflow {
    /// Reads a document from YAML or JSON.
    ///
    /// # Errors
    /// Everything that keeps the text from being a workflow document; what the document then says is
    /// for [`check`](crate::check::check).
    pub fn load(text: &str) -> Result<Loaded, Vec<Problem>> {
        let document =
            yaml::read(text).map_err(|error| vec![Problem::error(error.message).at(Some(error.place))])?;
        let Document { value, places } = document;
        let at = |problem: Problem| {
            let place = places.find(&problem.field);
            name_step(problem.at(place), &value)
        };
        if let Some(problem) = other_version(&value) {
            return Err(vec![at(problem)]);
        }
        let conformity = conform(&SCHEMA, &value)
            .into_iter()
            .map(|found| Problem::error(found.message).field(found.path).advice(found.advice));
        let mut problems: Vec<Problem> = conformity.chain(odd_names_and_links(&value)).map(at).collect();
        problems.sort_by_key(|problem| problem.place);
        if !problems.is_empty() {
            return Err(problems);
        }
        let workflow = serde_path_to_error::deserialize(&value).map_err(|error| {
            let path = error.path().to_string();
            let (problem, advice) = of_parser(&error.inner().to_string());
            let problem = Problem::error(problem).advice(advice);
            vec![at(problem.field(if path == "." { String::new() } else { path }))]
        })?;
        let link_paths = link_paths(&value);
        Ok(Loaded { workflow, places, link_paths })
    }
}

impl From<Workflow> for Loaded {
    /// A workflow that was made, not read: nothing in it has a place.
    fn from(workflow: Workflow) -> Self {
        let link_paths = (0..workflow.links.len()).map(|index| join_index("links", index)).collect();
        Self { workflow, places: Places::default(), link_paths }
    }
}

fn other_version(value: &Value) -> Option<Problem> {
    if !value.is_object() {
        return Some(
            Problem::error(msg!("this is not a workflow document"))
                .advice(msg!("begin with `version: {version}`", version = VERSION)),
        );
    }
    let version = value.get("version").and_then(Value::as_u64).filter(|version| *version > VERSION)?;
    let problem = msg!(
        "this document is of version {version}; this program reads up to {known}",
        version = version,
        known = VERSION
    );
    Some(Problem::error(problem).field("version").advice(msg!("use a newer Semantic Bus")))
}

/// What the schema cannot say: links that cannot be read, and parameters with names that cannot be written
/// as `${name}`.
fn odd_names_and_links(document: &Value) -> impl Iterator<Item = Problem> {
    let names = document.get("parameters").and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
    let names = names.filter(|name| !is_name(name)).map(|name| {
        let problem = msg!("`{name}` cannot be the name of a parameter", name = name);
        let problem = Problem::error(problem).advice(msg!("use letters, digits and `_`"));
        problem.field(join_key("parameters", name))
    });
    let links = document.get("links").and_then(Value::as_array).into_iter().flatten().enumerate();
    let links = links.filter_map(|(index, link)| {
        let text = link.as_str().filter(|text| chain(text).is_none())?;
        let problem = Problem::error(msg!("`{text}` is not a link", text = text)).advice(msg!(
            "write `step -> step` or `step.port -> step.port`; in a chain of several only its ends may have ports"
        ));
        Some(problem.field(join_index("links", index)))
    });
    names.chain(links)
}

/// Turns the path `steps[2].settings.x` into the step's name and the path within it.
fn name_step(mut problem: Problem, document: &Value) -> Problem {
    let inside = problem.field.strip_prefix("steps[").and_then(|rest| rest.split_once(']'));
    let Some((index, field)) = inside else { return problem };
    let step = index.parse::<usize>().ok().and_then(|index| document.get("steps")?.get(index));
    if let Some(id) = step.and_then(|step| step.get("id")).and_then(Value::as_str) {
        let field = field.strip_prefix('.').unwrap_or(field).to_owned();
        problem = problem.step(id).field(field);
    }
    problem
}

/// The path of the entry each link was written in: a chain makes several links.
fn link_paths(document: &Value) -> Vec<String> {
    let entries = document.get("links").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let links = |entry: &Value| entry.as_str().map_or(1, |text| text.matches("->").count());
    let paths = entries.iter().enumerate().map(|(index, entry)| (join_index("links", index), links(entry)));
    paths.flat_map(|(path, count)| std::iter::repeat_n(path, count)).collect()
}
