//! How a workflow is executed: its steps in stages, each the longest chain that streams without regrouping.

mod choice;
mod layout;

pub use choice::{Choice, Extent, Rules, choose, ends};
pub use layout::{Section, Take, layout};

use crate::{
    Language,
    catalogue::{Catalogue, ERRORS},
    graph::{Edge, Graph},
    msg,
    workflow::{Link, Workflow},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The stages of a workflow, each after those it takes records from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The stages.
    pub stages: Vec<Stage>,
}

/// How a workflow runs, as a person reads it: its stages, what is done in parts, and why or why not.
#[must_use]
pub fn outline(
    workflow: &Workflow,
    (catalogue, parameters): (&dyn Catalogue, &Map<String, Value>),
    choice: &Choice,
    language: Language,
) -> String {
    let stages = match choice.is_whole() {
        true => plan(workflow, catalogue).text(language),
        false => {
            let sections = layout(workflow, (catalogue, parameters), &choice.parts);
            Section::text(&sections, workflow, language)
        }
    };
    stages + &choice.text(language)
}

/// A chain of steps that one worker executes on a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The steps of the chain, in order: each takes what the one before it sends.
    pub steps: Vec<PlannedStep>,
    /// The links that bring records from other stages; none if the chain begins with a source.
    pub inputs: Vec<PlannedInput>,
    /// Whether the first step needs the records of all parts of the data together.
    pub regroups: bool,
}

/// A step in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// The step's id.
    pub id: String,
    /// Its connector.
    pub connector: String,
}

/// A link from another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedInput {
    /// The number of the stage the records come from, from 1.
    pub stage: usize,
    /// The link.
    pub link: Link,
}

/// Plans a workflow that [`check`](crate::check::check) finds no error in; steps that lead in a circle,
/// or come after such, are left out.
#[must_use]
pub fn plan(workflow: &Workflow, catalogue: &dyn Catalogue) -> Plan {
    let graph = Graph::of(workflow);
    let planner = Planner { workflow, catalogue, graph: &graph };
    let order = graph.order();
    let mut stage_of = vec![0; workflow.steps.len()];
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for step in order {
        let joins = planner.continues(step).and_then(|before| {
            let stage = stage_of.get(before).copied()?;
            Some((stage, chains.get_mut(stage)?))
        });
        let stage = match joins {
            Some((stage, chain)) => {
                chain.push(step);
                stage
            }
            None => {
                chains.push(vec![step]);
                chains.len() - 1
            }
        };
        if let Some(place) = stage_of.get_mut(step) {
            *place = stage;
        }
    }
    let stages = chains.iter().map(|chain| planner.stage(chain, &stage_of)).collect();
    Plan { stages }
}

struct Planner<'a> {
    workflow: &'a Workflow,
    catalogue: &'a dyn Catalogue,
    graph: &'a Graph,
}

impl Planner<'_> {
    /// The step whose chain `step` goes on with, if there is one.
    fn continues(&self, step: usize) -> Option<usize> {
        let [edge] = self.graph.before(step) else { return None };
        let alone = self.graph.after(edge.from).iter().filter(|other| !self.is_errors(other)).count() == 1;
        let streams = alone && !self.is_errors(edge) && !self.regroups(step);
        (streams && self.label(step) == self.label(edge.from)).then_some(edge.from)
    }

    fn label(&self, step: usize) -> &str {
        self.workflow.steps.get(step).map_or("", |step| self.workflow.label_of(step))
    }

    fn is_errors(&self, edge: &Edge) -> bool {
        self.workflow.links.get(edge.link).is_some_and(|link| link.from.port == ERRORS)
    }

    fn regroups(&self, step: usize) -> bool {
        let step = self.workflow.steps.get(step);
        step.and_then(|step| self.catalogue.entry(&step.connector)).is_some_and(|entry| entry.regroups)
    }

    fn stage(&self, chain: &[usize], stage_of: &[usize]) -> Stage {
        let first = chain.first().copied().unwrap_or_default();
        let steps = chain.iter().filter_map(|step| self.workflow.steps.get(*step));
        let inputs = self.graph.before(first).iter().filter_map(|edge| {
            let link = self.workflow.links.get(edge.link)?.clone();
            Some(PlannedInput { stage: stage_of.get(edge.from)? + 1, link })
        });
        Stage {
            steps: steps
                .map(|step| PlannedStep { id: step.id.clone(), connector: step.connector.clone() })
                .collect(),
            inputs: inputs.collect(),
            regroups: self.regroups(first),
        }
    }
}

impl Plan {
    /// The plan as a person reads it, a line a stage.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out = String::new();
        for (number, stage) in (1_usize..).zip(&self.stages) {
            let name = |step: &PlannedStep| format!("{} ({})", step.id, step.connector);
            let steps: Vec<String> = stage.steps.iter().map(name).collect();
            let line = msg!("stage {number}: {steps}", number = number, steps = steps.join(" -> "));
            out.push_str(&line.text(language));
            if stage.regroups {
                out.push_str(&msg!(" [all parts together]").text(language));
            }
            out.push('\n');
            for PlannedInput { stage, link } in &stage.inputs {
                let line = msg!("  from stage {number}: {link}", number = *stage, link = link.to_string());
                writeln!(out, "{}", line.text(language)).unwrap_or_default();
            }
        }
        out
    }
}
