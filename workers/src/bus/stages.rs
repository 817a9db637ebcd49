//! The stages of a run: which steps are done together, and what each takes from which.

use super::Split;
use bus_core::{
    catalogue::{Catalogue, Kind},
    plan::plan,
    run::{StageInput, StageSpec},
    workflow::{Link, Port, Workflow},
};
use serde::{Deserialize, Serialize};

/// Steps that one worker does together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stage {
    /// Their ids.
    pub(super) steps: Vec<String>,
}

impl Stage {
    /// The label that a worker needs to do it; empty if any does.
    pub(super) fn label<'a>(&self, document: &'a Workflow) -> &'a str {
        // steps of different labels are never in one stage
        let first = self.steps.first().and_then(|step| document.step(step));
        first.map_or("", |step| document.label_of(step))
    }

    fn has(&self, step: &str) -> bool {
        self.steps.iter().any(|known| known == step)
    }

    /// The part of the workflow that it does: its steps, and the links between them.
    pub(super) fn part_of(&self, document: &Workflow) -> Workflow {
        let mut part = document.clone();
        part.steps.retain(|step| self.has(&step.id));
        part.links.retain(|link| self.has(&link.from.step) && self.has(&link.to.step));
        part
    }

    /// The links that bring records from other stages.
    pub(super) fn incoming<'a>(&'a self, document: &'a Workflow) -> impl Iterator<Item = &'a Link> {
        document.links.iter().filter(|link| self.has(&link.to.step) && !self.has(&link.from.step))
    }

    /// The ports whose records go to other stages.
    pub(super) fn outgoing(&self, document: &Workflow) -> Vec<Port> {
        let links = document.links.iter();
        let links = links.filter(|link| self.has(&link.from.step) && !self.has(&link.to.step));
        let mut ports: Vec<Port> = links.map(|link| link.from.clone()).collect();
        ports.sort();
        ports.dedup();
        ports
    }
}

/// Cuts a workflow into stages, and says how they are scheduled.
pub(super) fn cut(
    document: &Workflow,
    catalogue: &dyn Catalogue,
    split: Split,
) -> (Vec<Stage>, Vec<StageSpec>) {
    let (stages, gathers): (Vec<Stage>, Vec<bool>) = match split {
        // what different workers must do is cut in any case
        Split::Never | Split::Auto if document.labels().len() < 2 => {
            let steps = document.steps.iter().map(|step| step.id.clone()).collect();
            (vec![Stage { steps }], vec![true])
        }
        Split::Never | Split::Auto | Split::Always => chains(document, catalogue).into_iter().unzip(),
    };
    let place = |step: &str| stages.iter().position(|stage| stage.has(step)).unwrap_or_default();
    let specs = stages.iter().zip(&gathers).map(|(stage, gathers)| {
        let mut inputs: Vec<StageInput> = Vec::new();
        for link in stage.incoming(document) {
            let from = u32::try_from(place(&link.from.step)).unwrap_or(u32::MAX);
            let input = StageInput { stage: from, port: link.from.to_string() };
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
        StageSpec { gathers: *gathers && !inputs.is_empty(), inputs, parts: 1 }
    });
    let specs = specs.collect();
    (stages, specs)
}

/// The chains of the plan, each with whether it needs all records together. A sink does: it writes one
/// whole, so it is cut off a chain that is done in parts.
fn chains(document: &Workflow, catalogue: &dyn Catalogue) -> Vec<(Stage, bool)> {
    let mut chains = Vec::new();
    for stage in plan(document, catalogue).stages {
        let kind = |connector: &str| catalogue.entry(connector).map(|entry| entry.kind);
        let in_parts = !stage.inputs.is_empty() && !stage.regroups;
        let mut steps: Vec<String> = stage.steps.iter().map(|step| step.id.clone()).collect();
        let ends = stage.steps.last().and_then(|step| kind(&step.connector));
        let sink = if in_parts && ends == Some(Kind::Sink) { steps.pop() } else { None };
        if !steps.is_empty() {
            chains.push((Stage { steps }, !in_parts));
        }
        chains.extend(sink.map(|sink| (Stage { steps: vec![sink] }, true)));
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Workflow {
        let step = |id: &str, connector: &str| json!({ "id": id, "connector": connector });
        serde_json::from_value(json!({
            "version": 1,
            "steps": [
                step("in", "records"), step("few", "filter"), step("a", "filter"), step("out-a", "discard"),
                step("b", "sort"), step("out-b", "discard"), step("wrong", "discard"),
            ],
            "links": ["in -> few", "few -> a -> out-a", "few -> b -> out-b", "few.errors -> wrong"],
        }))
        .unwrap()
    }

    #[test]
    fn a_whole_run_is_one_stage() {
        let (stages, specs) = cut(&document(), &connectors::Connectors, Split::Never);
        assert_eq!((stages.len(), stages[0].steps.len()), (1, 7));
        assert_eq!(specs, [StageSpec { inputs: Vec::new(), gathers: false, parts: 1 }]);
    }

    #[test]
    fn steps_of_different_labels_are_cut_apart() {
        let mut document = document();
        assert!(cut(&document, &connectors::Connectors, Split::Never).0[0].label(&document).is_empty());
        "usine".clone_into(&mut document.label);
        let (stages, _) = cut(&document, &connectors::Connectors, Split::Never);
        assert_eq!((stages.len(), stages[0].label(&document)), (1, "usine"));
        "lab".clone_into(&mut document.steps[1].label);
        let (stages, _) = cut(&document, &connectors::Connectors, Split::Never);
        let labelled: Vec<_> =
            stages.iter().map(|stage| (stage.steps.join(" "), stage.label(&document))).collect();
        let labelled: Vec<_> = labelled.iter().map(|(steps, label)| (steps.as_str(), *label)).collect();
        assert_eq!(
            labelled,
            [
                ("in", "usine"),
                ("few", "lab"),
                ("a", "usine"),
                ("out-a", "usine"),
                ("b out-b", "usine"),
                ("wrong", "usine")
            ]
        );
    }

    #[test]
    fn stages_follow_the_plan_and_sinks_write_one_whole() {
        let (stages, specs) = cut(&document(), &connectors::Connectors, Split::Always);
        let steps: Vec<String> = stages.iter().map(|stage| stage.steps.join(" ")).collect();
        assert_eq!(steps, ["in few", "a", "out-a", "b out-b", "wrong"]);
        let specs: Vec<String> = specs
            .iter()
            .map(|spec| {
                let inputs: Vec<_> =
                    spec.inputs.iter().map(|input| format!("{}:{}", input.stage, input.port)).collect();
                format!("{} {}", inputs.join(","), if spec.gathers { "whole" } else { "parts" })
            })
            .collect();
        assert_eq!(
            specs,
            [" parts", "0:few.out parts", "1:a.out whole", "0:few.out whole", "0:few.errors whole"]
        );
        let ports: Vec<String> = stages[0].outgoing(&document()).iter().map(ToString::to_string).collect();
        assert_eq!(ports, ["few.errors", "few.out"]);
    }
}
