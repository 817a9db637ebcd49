//! Workflows used as steps of others, and steps that are switched off: what remains is what runs.

use super::{Link, Port, Step, Workflow, parameter::references};
use crate::{
    Message,
    catalogue::{Catalogue, ERRORS, IN, OUT},
    check::Problem,
    msg,
    nearest::nearest,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The connector that stands for another workflow.
pub const WORKFLOW: &str = "workflow";
/// The connector where records come into a workflow that is used as a step.
pub const WORKFLOW_INPUT: &str = "workflow-input";
/// The connector where records leave such a workflow.
pub const WORKFLOW_OUTPUT: &str = "workflow-output";

/// Stands between the id of a step and those of the steps it became: no id a person writes holds it, and it is at
/// home in addresses and file names.
pub const INSIDE: char = '~';

/// How deep workflows may stand in each other.
const MOST_DEEP: usize = 8;
/// How many steps they may become: eight levels of ten would be a hundred million.
const MOST_STEPS: usize = 2_000;

/// A workflow that was looked up.
#[derive(Debug, Clone)]
pub struct Found {
    /// What tells it from others: two names of the same workflow lead to the same key.
    pub key: String,
    /// The document.
    pub workflow: Workflow,
}

/// Finds the workflow that a document calls by a name; the key of that document is given first, empty for the
/// outermost one.
pub type Lookup<'a> = dyn FnMut(&str, &str) -> Result<Found, Message> + 'a;

/// The names of the workflows that a document uses as steps.
#[must_use]
pub fn uses(workflow: &Workflow) -> BTreeSet<&str> {
    workflow.steps.iter().filter(|step| is_used(step)).filter_map(name_of).collect()
}

fn is_used(step: &Step) -> bool {
    step.connector == WORKFLOW && !step.disabled
}

fn name_of(step: &Step) -> Option<&str> {
    step.settings.get("workflow").and_then(Value::as_str)
}

/// What runs of a workflow: other workflows in the places of the steps that stand for them, and nothing of what is
/// switched off.
///
/// # Errors
/// All steps that cannot be replaced, and why.
pub fn expand(
    workflow: &Workflow,
    catalogue: &dyn Catalogue,
    lookup: &mut Lookup<'_>,
) -> Result<Workflow, Vec<Problem>> {
    Ok(switch_off(inline(workflow, lookup)?, catalogue))
}

/// A workflow with others in the places of the steps that stand for them.
///
/// Their steps are called `outer~inner`; the links of the step lead to what follows the inner `workflow-input`, and
/// from what precedes the inner `workflow-output`. Refused records that no inner step takes leave by the `errors`
/// of the step, if that is linked.
///
/// # Errors
/// All steps that cannot be replaced, and why.
pub fn inline(workflow: &Workflow, lookup: &mut Lookup<'_>) -> Result<Workflow, Vec<Problem>> {
    let mut inliner = Inliner { lookup, steps: workflow.steps.len(), path: Vec::new(), names: Vec::new() };
    inliner.inline(workflow)
}

struct Inliner<'a, 'l> {
    lookup: &'a mut Lookup<'l>,
    /// How many steps there are so far.
    steps: usize,
    /// The keys of the workflows that stand around.
    path: Vec<String>,
    /// What they are called.
    names: Vec<String>,
}

impl Inliner<'_, '_> {
    fn inline(&mut self, workflow: &Workflow) -> Result<Workflow, Vec<Problem>> {
        let mut out = workflow.clone();
        let mut problems = Vec::new();
        for step in workflow.steps.iter().filter(|step| is_used(step)) {
            match self.inner(step) {
                Ok(inner) => {
                    let problem = put(&mut out, step, inner);
                    problems.extend(problem.map(|problem| problem.step(&step.id)));
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(out) } else { Err(problems) }
    }

    /// The workflow a step stands for, others inside it in their places.
    fn inner(&mut self, step: &Step) -> Result<Workflow, Vec<Problem>> {
        let wrong =
            |problem: Message| vec![Problem::error(problem).step(&step.id).field("settings.workflow")];
        let name = name_of(step).ok_or_else(|| wrong(msg!("`{name}` is missing", name = "workflow")))?;
        let around = self.path.last().map_or("", String::as_str);
        let found = (self.lookup)(around, name).map_err(wrong)?;
        if let Some(place) = self.path.iter().position(|key| *key == found.key) {
            let circle = self.names.iter().skip(place).map(String::as_str).chain([name]);
            return Err(wrong(msg!(
                "the workflows use each other in a circle: {workflows}",
                workflows = circle.collect::<Vec<_>>().join(" -> ")
            )));
        }
        if self.path.len() >= MOST_DEEP {
            return Err(wrong(msg!("workflows stand in each other more than {most} deep", most = MOST_DEEP)));
        }
        self.steps = self.steps.saturating_add(found.workflow.steps.len());
        if self.steps > MOST_STEPS {
            return Err(wrong(msg!(
                "with the workflows it uses it has more than {most} steps",
                most = MOST_STEPS
            )));
        }
        let scope = scope(step, &found.workflow)?;
        self.path.push(found.key);
        self.names.push(name.to_owned());
        let inner = self.inline(&found.workflow);
        self.path.pop();
        self.names.pop();
        let inner = inner.map_err(|problems| {
            problems.into_iter().map(|problem| inside(step, problem)).collect::<Vec<_>>()
        })?;
        Ok(renamed(inner, step, &scope))
    }
}

/// A problem of a step inside, with both ids.
fn inside(step: &Step, mut problem: Problem) -> Problem {
    problem.step = Some(match problem.step {
        Some(inner) => inner_id(step, &inner),
        None => step.id.clone(),
    });
    problem
}

fn inner_id(step: &Step, inner: &str) -> String {
    format!("{}{INSIDE}{inner}", step.id)
}

/// The values of the inner workflow's parameters: given ones may still hold `${parameter}` of the outer one, its own
/// defaults hold nothing of that.
fn scope(step: &Step, inner: &Workflow) -> Result<Map<String, Value>, Vec<Problem>> {
    let samples = inner.parameters.samples();
    let given = given(step);
    let tried = given.iter().map(|(name, text)| {
        // what a parameter of the outer workflow will hold is not known yet
        let value = match inner.parameters.get(name) {
            Some(_) if is_open(text) => samples.get(name).cloned(),
            Some(parameter) => parameter.kind.read(text),
            None => None,
        };
        (name.clone(), value.unwrap_or_else(|| text.as_str().into()))
    });
    let mut values = inner.bind(&tried.collect(), |_| false).map_err(|wrong| {
        let problem = |(name, message): (String, Message)| {
            let place = given.iter().position(|(known, _)| *known == name);
            let field = place.map_or_else(
                || "settings.parameters".to_owned(),
                |place| crate::yaml::join_index("settings.parameters", place),
            );
            Problem::error(message).step(&step.id).field(field)
        };
        wrong.into_iter().map(problem).collect::<Vec<_>>()
    })?;
    values = values.into_iter().map(|(name, value)| (name, literal(value))).collect();
    for (name, text) in given.into_iter().filter(|(_, text)| is_open(text)) {
        values.insert(name, text.into());
    }
    Ok(values)
}

/// The parameters that a step gives to the workflow it stands for, as written.
fn given(step: &Step) -> Vec<(String, String)> {
    let list =
        step.settings.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |pair: &Value, member: &str| Some(pair.get(member)?.as_str()?.to_owned());
    list.iter().filter_map(|pair| text(pair, "name").zip(text(pair, "value"))).collect()
}

fn is_open(text: &str) -> bool {
    !references(&Value::String(text.to_owned())).is_empty()
}

/// A value that stands for itself where `${name}` would be replaced.
fn literal(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("${", "$${")),
        Value::Array(items) => items.into_iter().map(literal).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, literal(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// The inner workflow with the ids and names its steps have outside.
fn renamed(mut inner: Workflow, outer: &Step, scope: &Map<String, Value>) -> Workflow {
    let outer_name = if outer.name.is_empty() { &outer.id } else { &outer.name };
    for step in &mut inner.steps {
        let name = if step.name.is_empty() { &step.id } else { &step.name };
        step.name = format!("{outer_name} › {name}");
        step.id = inner_id(outer, &step.id);
        step.position = outer.position;
        if step.label.is_empty() {
            step.label = if inner.label.is_empty() { outer.label.clone() } else { inner.label.clone() };
        }
        step.scopes.insert(0, scope.clone());
    }
    for link in &mut inner.links {
        link.from.step = inner_id(outer, &link.from.step);
        link.to.step = inner_id(outer, &link.to.step);
    }
    inner
}

/// Puts an inner workflow in the place of the step that stands for it; says why if the two do not fit.
fn put(out: &mut Workflow, step: &Step, inner: Workflow) -> Option<Problem> {
    let (touching, mut links): (Vec<Link>, Vec<Link>) =
        out.links.drain(..).partition(|link| link.from.step == step.id || link.to.step == step.id);
    let into: Vec<Port> = touching
        .iter()
        .filter(|link| link.to == Port::new(&step.id, IN))
        .map(|link| link.from.clone())
        .collect();
    let from = |port: &str| -> Vec<Port> {
        let port = Port::new(&step.id, port);
        touching.iter().filter(|link| link.from == port).map(|link| link.to.clone()).collect()
    };
    let (onward, refused) = (from(OUT), from(ERRORS));
    let of = |connector: &str| -> Vec<String> {
        let ends = inner.steps.iter().filter(|inner| inner.connector == connector && !inner.disabled);
        ends.map(|inner| inner.id.clone()).collect()
    };
    let (entries, exits) = (of(WORKFLOW_INPUT), of(WORKFLOW_OUTPUT));
    out.links = std::mem::take(&mut links);
    if let Some(problem) = misfit(&entries, &exits, &into, &onward) {
        return Some(problem);
    }
    let mut taken = Vec::new();
    for link in inner.links {
        let sources = if entries.contains(&link.from.step) { into.clone() } else { vec![link.from.clone()] };
        let targets = if exits.contains(&link.to.step) { onward.clone() } else { vec![link.to.clone()] };
        if link.from.port == ERRORS {
            taken.push(link.from.step.clone());
        }
        for source in &sources {
            links.extend(targets.iter().map(|target| Link::new(source.clone(), target.clone())));
        }
    }
    let steps: Vec<Step> = inner
        .steps
        .into_iter()
        .filter(|inner| !entries.contains(&inner.id) && !exits.contains(&inner.id))
        .collect();
    for inner in steps.iter().filter(|inner| !taken.contains(&inner.id)) {
        links.extend(refused.iter().map(|target| Link::new(Port::new(&inner.id, ERRORS), target.clone())));
    }
    out.links.extend(links);
    let place = out.steps.iter().position(|known| known.id == step.id).unwrap_or(out.steps.len());
    out.steps.splice(place..(place + 1).min(out.steps.len()), steps);
    None
}

/// Why the links of the step and the ends of the workflow it stands for do not belong together.
fn misfit(entries: &[String], exits: &[String], into: &[Port], onward: &[Port]) -> Option<Problem> {
    let (problem, advice) = if !into.is_empty() && entries.is_empty() {
        (
            msg!("the workflow takes no records, but some are linked to it"),
            msg!("give it a step `{connector}`, or remove the link", connector = WORKFLOW_INPUT),
        )
    } else if into.is_empty() && !entries.is_empty() {
        (msg!("the workflow takes records, but none are linked to it"), msg!("link a step to it"))
    } else if !onward.is_empty() && exits.is_empty() {
        (
            msg!("the workflow gives no records, but a link leaves it"),
            msg!("give it a step `{connector}`, or remove the link", connector = WORKFLOW_OUTPUT),
        )
    } else {
        return None;
    };
    Some(Problem::error(problem).advice(advice))
}

/// A workflow without what is switched off: a step with one input and one output lets its records through, any
/// other sends none and writes none. A step that had links to it and has none left is left out as well: it has
/// nothing to do, and must not put nothing in the place of something.
#[must_use]
pub fn switch_off(mut workflow: Workflow, catalogue: &dyn Catalogue) -> Workflow {
    let (off, on): (Vec<Step>, Vec<Step>) = workflow.steps.drain(..).partition(|step| step.disabled);
    workflow.steps = on;
    for step in off {
        let entry = catalogue.entry(&step.connector);
        let (touching, mut links): (Vec<Link>, Vec<Link>) =
            workflow.links.drain(..).partition(|link| link.from.step == step.id || link.to.step == step.id);
        let lets_through = entry.is_none_or(|entry| entry.inputs.len() == 1 && entry.outputs.len() == 1);
        let into = touching.iter().filter(|link| link.to.step == step.id);
        let onward: Vec<&Link> =
            touching.iter().filter(|link| link.from.step == step.id && link.from.port != ERRORS).collect();
        for link in into.filter(|_| lets_through) {
            links.extend(onward.iter().map(|next| Link::new(link.from.clone(), next.to.clone())));
        }
        workflow.links = links;
        let mut starved: Vec<String> = touching.into_iter().map(|link| link.to.step).collect();
        while let Some(id) = starved.pop() {
            let fed = workflow.links.iter().any(|link| link.to.step == id);
            if fed || workflow.step(&id).is_none() {
                continue;
            }
            workflow.steps.retain(|step| step.id != id);
            let (gone, links) = workflow.links.drain(..).partition(|link| link.from.step == id);
            workflow.links = links;
            starved.extend(gone.into_iter().map(|link: Link| link.to.step));
        }
    }
    workflow
}

/// That there is no workflow of this name, with the nearest of those there are.
#[must_use]
pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Message {
    match nearest(name, known) {
        Some(near) => msg!("there is no workflow `{name}`: did you mean `{near}`?", name = name, near = near),
        None => msg!("there is no workflow `{name}`", name = name),
    }
}
