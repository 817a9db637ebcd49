//! The stages of a run: which steps are done together, and what each takes from which.

use bus_core::{
    catalogue::Catalogue,
    plan::{Section, Take, layout},
    run::StageSpec,
    workflow::{Link, Port, Workflow},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Steps that one worker does together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stage {
    // what a bus of before wrote holds `steps` here, too
    #[serde(flatten)]
    pub(super) section: Section,
    /// The parts of its source, as the source divided itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pieces: Vec<Value>,
}

impl Stage {
    /// All steps of a workflow.
    pub(super) fn whole(document: &Workflow) -> Self {
        let steps = document.steps.iter().map(|step| step.id.clone()).collect();
        Self { section: Section { steps, gathers: true, parts: 1, ..Section::default() }, pieces: Vec::new() }
    }

    /// The label that a worker needs to do it; empty if any does.
    pub(super) fn label<'a>(&self, document: &'a Workflow) -> &'a str {
        // steps of different labels are never in one stage
        let first = self.section.steps.first().and_then(|step| document.step(step));
        first.map_or("", |step| document.label_of(step))
    }

    pub(super) fn has(&self, step: &str) -> bool {
        self.section.steps.iter().any(|known| known == step)
    }

    /// The part of the workflow that it does: its steps, and the links between them.
    pub(super) fn part_of(&self, document: &Workflow) -> Workflow {
        let mut part = document.clone();
        part.steps.retain(|step| self.has(&step.id));
        part.links.retain(|link| self.has(&link.from.step) && self.has(&link.to.step));
        part
    }

    /// The links that bring records from other stages.
    pub(super) fn incoming(&self) -> Vec<&Link> {
        let mut links: Vec<&Link> = Vec::new();
        for Take { link, .. } in &self.section.takes {
            // of a step in two goes, both may send by one port
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }
}

/// What other stages take from the one in this place: the ports, and whether some of them begin with the
/// first chunk.
pub(super) fn outgoing(stages: &[Stage], place: u32) -> (Vec<Port>, bool) {
    let takers = stages.iter().flat_map(|stage| stage.section.takes.iter().map(move |take| (stage, take)));
    let (mut ports, mut streams) = (Vec::new(), false);
    for (stage, take) in takers.filter(|(_, take)| take.section == place) {
        ports.push(take.link.from.clone());
        streams |= !stage.section.gathers && !take.whole;
    }
    ports.sort();
    ports.dedup();
    (ports, streams)
}

/// The stages in which a run begins: one that does everything, or, where steps need different workers, theirs.
pub(super) fn first(document: &Workflow, planned: (&dyn Catalogue, &Map<String, Value>)) -> Vec<Stage> {
    match document.labels().len() {
        0 | 1 => vec![Stage::whole(document)],
        _ => cut(document, planned, &BTreeMap::new(), 0),
    }
}

/// Cuts a workflow into stages whose sources come in these pieces; they take from each other, counted from
/// `first`.
pub(super) fn cut(
    document: &Workflow,
    (catalogue, parameters): (&dyn Catalogue, &Map<String, Value>),
    pieces: &BTreeMap<String, Vec<Value>>,
    first: u32,
) -> Vec<Stage> {
    let count = |pieces: &Vec<Value>| u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    let parts = pieces.iter().map(|(step, pieces)| (step.clone(), count(pieces))).collect();
    let sections = layout(document, (catalogue, parameters), &parts).into_iter();
    let stage = |mut section: Section| {
        section.takes.iter_mut().for_each(|take| take.section = take.section.saturating_add(first));
        let source = section.steps.first().and_then(|step| pieces.get(step));
        Stage { pieces: source.cloned().unwrap_or_default(), section }
    };
    sections.map(stage).collect()
}

/// What a run's state knows of stages that take from each other, counted from `first`: there, from 0.
pub(super) fn specs(stages: &[Stage], first: usize) -> Vec<StageSpec> {
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    let spec = |stage: &Stage| {
        let mut spec = stage.section.spec();
        spec.inputs.iter_mut().for_each(|input| input.stage = input.stage.saturating_sub(first));
        spec
    };
    stages.iter().map(spec).collect()
}

/// Says of stages that a bus of before wrote what they take from each other: then, all that links bring.
pub(super) fn complete(stages: &mut [Stage], document: &Workflow, gathers: &[bool]) {
    let home = |stages: &[Stage], step: &str| {
        let place = stages.iter().position(|stage| stage.has(step))?;
        u32::try_from(place).ok()
    };
    for place in 0..stages.len() {
        let own = u32::try_from(place).ok();
        let to_here =
            |link: &&Link| home(stages, &link.to.step) == own && home(stages, &link.from.step) != own;
        let takes = document.links.iter().filter(to_here).filter_map(|link| {
            Some(Take { section: home(stages, &link.from.step)?, link: link.clone(), whole: false })
        });
        let takes = takes.collect();
        if let Some(stage) = stages.get_mut(place) {
            stage.section.takes = takes;
            stage.section.gathers = gathers.get(place).copied().unwrap_or_default();
        }
    }
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

    fn specs_of(stages: &[Stage]) -> Vec<String> {
        let spec = |spec: StageSpec| {
            let inputs: Vec<_> =
                spec.inputs.iter().map(|input| format!("{}:{}", input.stage, input.port)).collect();
            format!("{} {}", inputs.join(","), if spec.gathers { "whole" } else { "parts" })
        };
        specs(stages, 1).into_iter().map(spec).collect()
    }

    #[test]
    fn a_whole_run_is_one_stage() {
        let whole = Stage::whole(&document());
        assert_eq!(whole.section.steps.len(), 7);
        assert_eq!(whole.section.spec(), StageSpec { inputs: Vec::new(), gathers: false, parts: 1 });
    }

    #[test]
    fn steps_of_different_labels_are_cut_apart() {
        let mut document = document();
        let planned = (&connectors::Connectors as _, &Map::new());
        assert!(first(&document, planned)[0].label(&document).is_empty());
        "usine".clone_into(&mut document.label);
        let stages = first(&document, planned);
        assert_eq!((stages.len(), stages[0].label(&document)), (1, "usine"));
        "lab".clone_into(&mut document.steps[1].label);
        let stages = first(&document, planned);
        let labelled: Vec<_> =
            stages.iter().map(|stage| (stage.section.steps.join(" "), stage.label(&document))).collect();
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
        let planned = (&connectors::Connectors as _, &Map::new());
        let stages = cut(&document(), planned, &BTreeMap::new(), 1);
        let steps: Vec<String> = stages.iter().map(|stage| stage.section.steps.join(" ")).collect();
        assert_eq!(steps, ["in few", "a", "out-a", "b out-b", "wrong"]);
        assert_eq!(
            specs_of(&stages),
            [" parts", "0:few.out parts", "1:a.out whole", "0:few.out whole", "0:few.errors whole"]
        );
        let all: Vec<Stage> = [Stage::whole(&document())].into_iter().chain(stages).collect();
        let (ports, streams) = outgoing(&all, 1);
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        assert_eq!((ports.join(" ").as_str(), streams), ("few.errors few.out", true));
        assert!(!outgoing(&all, 2).1, "a sink begins when all is there");
    }

    #[test]
    fn parts_of_sources_are_kept_with_their_stage() {
        let pieces = BTreeMap::from([("in".to_owned(), vec![json!(1), json!(2)])]);
        let stages = cut(&document(), (&connectors::Connectors as _, &Map::new()), &pieces, 1);
        assert_eq!((stages[0].pieces.len(), stages[0].section.parts), (2, 2));
        assert_eq!(stages[0].section.steps, ["in", "few", "a"]);
        assert!(stages[1..].iter().all(|stage| stage.pieces.is_empty()));
    }

    #[test]
    fn stages_that_a_bus_of_before_wrote_are_completed() {
        let written = json!([{ "steps": ["in", "few"] }, { "steps": ["a"] }, { "steps": ["out-a"] },
            { "steps": ["b", "out-b"] }, { "steps": ["wrong"] }]);
        let mut stages: Vec<Stage> = serde_json::from_value(written).unwrap();
        complete(&mut stages, &document(), &[false, false, true, true, true]);
        let takes: Vec<String> = stages
            .iter()
            .flat_map(|stage| &stage.section.takes)
            .map(|take| format!("{} {}", take.section, take.link))
            .collect();
        assert_eq!(takes, ["0 few -> a", "1 a -> out-a", "0 few -> b", "0 few.errors -> wrong"]);
        let gathers: Vec<bool> = stages.iter().map(|stage| stage.section.spec().gathers).collect();
        assert_eq!(gathers, [false, false, true, true, true]);
    }
}
