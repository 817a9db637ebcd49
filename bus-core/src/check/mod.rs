//! What is wrong with a workflow, all at once: place, problem, advice.

mod conform;
mod labels;
mod links;
mod parameters;
mod parsing;
mod problem;
mod settings;
mod triggers;

pub use conform::conform;
pub use labels::is_label;
pub use parsing::of_parser;
pub use problem::{Problem, Severity};

use crate::{
    Message,
    catalogue::Catalogue,
    graph::Graph,
    msg,
    workflow::{
        Loaded, Workflow,
        expand::{INSIDE, Lookup, inline, switch_off},
    },
    yaml::join_key,
};
use std::collections::HashMap;

/// Everything that is wrong with a workflow, in the order of the document.
#[must_use]
pub fn check(loaded: &Loaded, catalogue: &dyn Catalogue) -> Vec<Problem> {
    let mut steps = HashMap::new();
    for (number, step) in loaded.workflow.steps.iter().enumerate() {
        steps.entry(step.id.as_str()).or_insert(number);
    }
    let mut check = Check {
        loaded,
        workflow: &loaded.workflow,
        steps,
        graph: Graph::of(&loaded.workflow),
        catalogue,
        found: Vec::new(),
    };
    check.ids();
    check.labels();
    check.settings();
    check.parameters();
    check.links();
    check.cycles();
    check.inputs();
    check.outputs();
    check.triggers();
    check.found.sort_by_key(|problem| problem.place);
    check.found
}

/// What a check with all that a workflow uses has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// Everything that is wrong, also in the workflows it uses: their steps are named `outer~inner`.
    pub problems: Vec<Problem>,
    /// What runs: other workflows in their places, without what is switched off; if nothing is wrong.
    pub runs: Option<Workflow>,
}

/// Checks a workflow and the workflows it uses, and says what runs.
#[must_use]
pub fn check_whole(loaded: &Loaded, catalogue: &dyn Catalogue, lookup: &mut Lookup<'_>) -> Whole {
    let mut problems = check(loaded, catalogue);
    let whole = match inline(&loaded.workflow, lookup) {
        Ok(whole) => whole,
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| placed(loaded, problem)));
            return Whole { problems, runs: None };
        }
    };
    if whole != loaded.workflow {
        let inner = check(&Loaded::from(whole.clone()), catalogue);
        let inside = |problem: &Problem| problem.step.as_ref().is_some_and(|step| step.contains(INSIDE));
        let inner = inner.into_iter().filter(|problem| problem.is_error() && inside(problem));
        problems.extend(inner.map(|problem| placed(loaded, problem)));
    }
    let sound = !problems.iter().any(Problem::is_error);
    Whole { problems, runs: sound.then(|| switch_off(whole, catalogue)) }
}

/// A problem with its place in the text: that of the step of the document it is in or inside of.
fn placed(loaded: &Loaded, problem: Problem) -> Problem {
    let step = problem.step.as_deref().unwrap_or_default();
    let outer = step.split(INSIDE).next().unwrap_or(step);
    let Some(index) = loaded.workflow.steps.iter().position(|step| step.id == outer) else { return problem };
    let path = match step == outer {
        true => join_key(&format!("steps[{index}]"), &problem.field),
        false => format!("steps[{index}].settings.workflow"),
    };
    let place = loaded.places.find(path.strip_suffix('.').unwrap_or(&path));
    problem.at(place)
}

struct Check<'a> {
    loaded: &'a Loaded,
    workflow: &'a Workflow,
    /// The number of the first step with each id.
    steps: HashMap<&'a str, usize>,
    graph: Graph,
    catalogue: &'a dyn Catalogue,
    found: Vec<Problem>,
}

impl Check<'_> {
    /// An error in a part of the document.
    fn error(&self, path: &str, problem: Message) -> Problem {
        Problem::error(problem).field(path).at(self.loaded.places.find(path))
    }

    /// An error in a part of a step.
    fn step_error(&self, step: usize, field: &str, problem: Message) -> Problem {
        let path = join_key(&format!("steps[{step}]"), field);
        let place = self.loaded.places.find(path.strip_suffix('.').unwrap_or(&path));
        let id = self.workflow.steps.get(step).map(|step| step.id.clone()).unwrap_or_default();
        Problem::error(problem).step(id).field(field).at(place)
    }

    fn id(&self, step: usize) -> &str {
        self.workflow.steps.get(step).map_or("", |step| step.id.as_str())
    }

    fn ids(&mut self) {
        for (index, step) in self.workflow.steps.iter().enumerate() {
            let joined = |letter| letter == INSIDE && !step.scopes.is_empty();
            let odd = |letter: char| {
                !(letter.is_alphanumeric() || letter == '-' || letter == '_' || joined(letter))
            };
            if step.id.is_empty() || step.id.contains(odd) {
                let problem = msg!("`{id}` cannot be the id of a step", id = &step.id);
                let advice = msg!("use letters, digits, `-` and `_`");
                self.found.push(self.step_error(index, "id", problem).advice(advice));
            }
            let first = self.steps.get(step.id.as_str()).copied().unwrap_or(index);
            if first != index {
                let problem = msg!("there are two steps `{id}`", id = &step.id);
                let line = self.loaded.places.find(&format!("steps[{first}].id")).map(|place| place.line);
                let advice =
                    line.map(|line| msg!("the other stands in line {line}: rename one", line = line));
                self.found.push(self.step_error(index, "id", problem).advice(advice));
            }
        }
        if self.workflow.steps.is_empty() {
            let problem = msg!("the workflow has no steps");
            self.found.push(self.error("steps", problem).as_warning());
        }
    }
}
