//! What is wrong with a workflow, all at once: place, problem, advice.

mod conform;
mod links;
mod parameters;
mod problem;
mod settings;
mod triggers;

pub use conform::conform;
pub use problem::{Problem, Severity};

use crate::{
    Message,
    catalogue::Catalogue,
    graph::Graph,
    msg,
    workflow::{Loaded, Workflow},
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
            let odd = |letter: char| !(letter.is_alphanumeric() || letter == '-' || letter == '_');
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
