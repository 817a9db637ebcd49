//! How a run is done in parts: its steps in sections, each with what it takes from which.

use crate::{
    Language, Message,
    catalogue::{Catalogue, ERRORS, Go, IN, Kind, OUT, Parts},
    graph::{Edge, Graph},
    msg,
    run::{StageInput, StageSpec},
    workflow::{Link, Port, Workflow},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that one worker does together, on a part of the data or on all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Their ids, each after those it takes from.
    pub steps: Vec<String>,
    /// Those that are done in two goes, with the one that is done here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub goes: BTreeMap<String, Go>,
    /// What it takes from other sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<Take>,
    /// Whether it begins when all it takes is there, in one part.
    #[serde(default)]
    pub gathers: bool,
    /// The parts of its source.
    #[serde(default)]
    pub parts: u32,
}

/// Records that come from another section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// The other, by place.
    pub section: u32,
    /// The port they are sent by, and the one they are taken by.
    pub link: Link,
    /// Whether each part takes all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Section {
    /// What of it a run's state knows.
    #[must_use]
    pub fn spec(&self) -> StageSpec {
        let mut inputs: Vec<StageInput> = Vec::new();
        for take in &self.takes {
            let input =
                StageInput { stage: take.section, port: take.link.from.to_string(), whole: take.whole };
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
        StageSpec { gathers: self.gathers && !inputs.is_empty(), inputs, parts: self.parts.max(1) }
    }

    /// How it is done, as a person reads it: nothing of what is done by one task that waits for nothing.
    fn manner(&self) -> Option<Message> {
        if self.gathers {
            (!self.takes.is_empty()).then(|| msg!(" [all parts together]"))
        } else if self.parts > 1 {
            Some(msg!(" [in {count} parts]", count = self.parts))
        } else {
            Some(msg!(" [chunk by chunk]"))
        }
    }

    /// The sections as a person reads them, a line each.
    #[must_use]
    pub fn text(sections: &[Self], workflow: &Workflow, language: Language) -> String {
        let mut out = String::new();
        for (number, section) in (1_usize..).zip(sections) {
            let name = |id: &String| {
                let connector = workflow.step(id).map_or("?", |step| step.connector.as_str());
                let name = format!("{id} ({connector})");
                match section.go(id) {
                    Go::Whole => name,
                    Go::Part => msg!("{step}, each part", step = name).text(language),
                    Go::Rest => msg!("{step}, of the parts", step = name).text(language),
                }
            };
            let steps: Vec<String> = section.steps.iter().map(name).collect();
            let line = msg!("stage {number}: {steps}", number = number, steps = steps.join(" -> "));
            out.push_str(&line.text(language));
            out.push_str(&section.manner().map(|manner| manner.text(language)).unwrap_or_default());
            out.push('\n');
            for take in &section.takes {
                let number = take.section.saturating_add(1);
                let line =
                    msg!("  from stage {number}: {link}", number = number, link = take.link.to_string());
                out.push_str(&line.text(language));
                out.push('\n');
            }
        }
        out
    }

    /// Which go of a step is done here.
    #[must_use]
    pub fn go(&self, step: &str) -> Go {
        self.goes.get(step).copied().unwrap_or_default()
    }
}

/// The sections of a workflow whose sources come in so many `parts`, each after those it takes from. Steps
/// that lead in a circle are left out.
#[must_use]
pub fn layout(
    workflow: &Workflow,
    (catalogue, parameters): (&dyn Catalogue, &Map<String, Value>),
    parts: &BTreeMap<String, u32>,
) -> Vec<Section> {
    let graph = Graph::of(workflow);
    let homes = vec![Home::default(); workflow.steps.len()];
    let mut drawing = Drawing { workflow, catalogue, parameters, parts, graph, homes, drafts: Vec::new() };
    for step in drawing.graph.order() {
        drawing.place(step);
    }
    drawing.sections()
}

/// How a section is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// By one task.
    One,
    /// In the parts of its source.
    Parts(u32),
    /// Chunk by chunk, as they come.
    Chunks,
}

struct Draft {
    steps: Vec<(usize, Go)>,
    manner: Manner,
    /// Sections it takes from, directly or not.
    behind: BTreeSet<usize>,
}

/// Where a step is done.
#[derive(Debug, Clone, Copy, Default)]
struct Home {
    /// The section that does it, or its last go.
    last: usize,
    /// The section of its first go, if it has two.
    first: Option<usize>,
    /// The port whose records each part takes whole.
    whole: Option<&'static str>,
}

struct Drawing<'a> {
    workflow: &'a Workflow,
    catalogue: &'a dyn Catalogue,
    parameters: &'a Map<String, Value>,
    parts: &'a BTreeMap<String, u32>,
    graph: Graph,
    homes: Vec<Home>,
    drafts: Vec<Draft>,
}

impl Drawing<'_> {
    fn place(&mut self, step: usize) {
        let before = self.graph.before(step).to_vec();
        let sections = self.sections_before(before.iter());
        let manner = |section: &usize| self.drafts.get(*section).map_or(Manner::One, |draft| draft.manner);
        let alone =
            sections.first().filter(|section| sections.len() == 1 && self.same_label(step, **section));
        let only = alone.map(|section| (*section, manner(section)));
        let (kind, parts) = self.nature(step);
        let one_port = self.ports(&before).len() == 1;
        match (kind, parts, only) {
            (Kind::Source, ..) => {
                let parts = self.step_id(step).and_then(|id| self.parts.get(id)).copied().unwrap_or(1);
                let manner = if parts > 1 { Manner::Parts(parts) } else { Manner::One };
                self.begin(step, manner, Go::Whole, &sections);
            }
            (Kind::Transform, Parts::Each | Parts::Beside(_), Some((section, Manner::Parts(_))))
                if one_port =>
            {
                self.join(step, section, None);
            }
            (_, Parts::Each | Parts::Beside(_), Some((section, _))) if one_port && self.goes_on(step) => {
                self.join(step, section, None);
            }
            (Kind::Transform, Parts::Each | Parts::Beside(_), _) if one_port => {
                self.begin(step, Manner::Chunks, Go::Whole, &sections);
            }
            (Kind::Transform, Parts::Beside(port), _) => match self.beside(&before, port) {
                Some(section) if self.same_label(step, section) => self.join(step, section, Some(port)),
                Some(_) | None => self.begin(step, Manner::One, Go::Whole, &sections),
            },
            (Kind::Transform, Parts::Twice, Some((section, Manner::Parts(_) | Manner::Chunks)))
                if one_port && self.sends_only_out(step) =>
            {
                self.add(section, step, Go::Part);
                self.begin(step, Manner::One, Go::Rest, &BTreeSet::from([section]));
                if let Some(home) = self.homes.get_mut(step) {
                    home.first = Some(section);
                }
            }
            (Kind::Sink, _, Some((section, Manner::One))) if self.goes_on(step) => {
                self.join(step, section, None);
            }
            _ => self.begin(step, Manner::One, Go::Whole, &sections),
        }
    }

    /// What a step is, and how it can be done.
    fn nature(&self, step: usize) -> (Kind, Parts) {
        let Some(step) = self.workflow.steps.get(step) else { return (Kind::Transform, Parts::Whole) };
        let kind = self.catalogue.entry(&step.connector).map_or(Kind::Transform, |entry| entry.kind);
        let settings = Workflow::settings(step, self.parameters);
        (kind, self.catalogue.parts(&step.connector, &settings))
    }

    /// Whether the worker that does a section can do a step, too.
    fn same_label(&self, step: usize, section: usize) -> bool {
        let label = |step: usize| self.workflow.steps.get(step).map(|step| self.workflow.label_of(step));
        let first = self.drafts.get(section).and_then(|draft| draft.steps.first());
        first.is_some_and(|(first, _)| label(*first) == label(step))
    }

    fn step_id(&self, step: usize) -> Option<&str> {
        self.workflow.steps.get(step).map(|step| step.id.as_str())
    }

    fn link(&self, edge: &Edge) -> Option<&Link> {
        self.workflow.links.get(edge.link)
    }

    /// The sections that the records of links come from.
    fn sections_before<'e>(&self, edges: impl Iterator<Item = &'e Edge>) -> BTreeSet<usize> {
        edges.flat_map(|edge| self.makers(edge)).collect()
    }

    /// The sections that send what a link takes: of a step in two goes, both send what they refuse.
    fn makers(&self, edge: &Edge) -> Vec<usize> {
        let Some(home) = self.homes.get(edge.from) else { return Vec::new() };
        let out = self.link(edge).is_some_and(|link| link.from.port == OUT);
        home.first.filter(|_| !out).into_iter().chain([home.last]).collect()
    }

    fn ports(&self, edges: &[Edge]) -> BTreeSet<&str> {
        edges.iter().filter_map(|edge| self.link(edge)).map(|link| link.to.port.as_str()).collect()
    }

    /// Whether a step takes all that the one before it sends: one stream leads from one to the other.
    fn goes_on(&self, step: usize) -> bool {
        let [edge] = self.graph.before(step) else { return false };
        let errors = |edge: &Edge| self.link(edge).is_some_and(|link| link.from.port == ERRORS);
        let alone = self.graph.after(edge.from).iter().filter(|edge| !errors(edge)).count() == 1;
        alone && !errors(edge)
    }

    fn sends_only_out(&self, step: usize) -> bool {
        let ports = self.graph.after(step).iter().filter_map(|edge| self.link(edge));
        ports.map(|link| link.from.port.as_str()).all(|port| port == OUT || port == ERRORS)
    }

    /// The section whose parts can each be done beside all that comes by `port`, which must not come from
    /// that section itself.
    fn beside(&self, before: &[Edge], port: &str) -> Option<usize> {
        let is_side = |edge: &&Edge| self.link(edge).is_some_and(|link| link.to.port == port);
        let main: Vec<&Edge> = before.iter().filter(|edge| !is_side(edge)).collect();
        let ports: BTreeSet<_> =
            main.iter().filter_map(|edge| self.link(edge)).map(|link| link.to.port.as_str()).collect();
        let sections = self.sections_before(main.iter().copied());
        let section = *sections.first().filter(|_| sections.len() == 1 && ports.len() == 1)?;
        let draft = self.drafts.get(section)?;
        let side = self.sections_before(before.iter().filter(is_side));
        let waits = |other: &usize| {
            *other == section || self.drafts.get(*other).is_none_or(|other| other.behind.contains(&section))
        };
        (matches!(draft.manner, Manner::Parts(_)) && !side.iter().any(waits)).then_some(section)
    }

    /// Begins a section with a step.
    fn begin(&mut self, step: usize, manner: Manner, go: Go, sections: &BTreeSet<usize>) {
        let section = self.drafts.len();
        let behind = self.all_behind(sections);
        self.drafts.push(Draft { steps: Vec::new(), manner, behind });
        self.add(section, step, go);
        if let Some(home) = self.homes.get_mut(step) {
            home.last = section;
        }
    }

    /// Does a step in a section that there is; `whole` is the port that brings what its parts need whole.
    fn join(&mut self, step: usize, section: usize, whole: Option<&'static str>) {
        self.add(section, step, Go::Whole);
        if let Some(home) = self.homes.get_mut(step) {
            (home.last, home.whole) = (section, whole);
        }
        let others: BTreeSet<usize> = self
            .sections_before(self.graph.before(step).iter())
            .into_iter()
            .filter(|other| *other != section)
            .collect();
        let more = self.all_behind(&others);
        for (place, draft) in self.drafts.iter_mut().enumerate() {
            if place == section || draft.behind.contains(&section) {
                draft.behind.extend(&more);
            }
        }
    }

    fn all_behind(&self, sections: &BTreeSet<usize>) -> BTreeSet<usize> {
        let further = sections.iter().filter_map(|section| self.drafts.get(*section));
        further.flat_map(|draft| &draft.behind).chain(sections).copied().collect()
    }

    fn add(&mut self, section: usize, step: usize, go: Go) {
        if let Some(draft) = self.drafts.get_mut(section) {
            draft.steps.push((step, go));
        }
    }

    /// The sections as they are written down: those first that others wait for.
    fn sections(&self) -> Vec<Section> {
        let order = self.order();
        let place = |section: usize| {
            let place = order.iter().position(|known| *known == section).unwrap_or_default();
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let takes = self.takes();
        let section = |number: &usize| {
            let draft = self.drafts.get(*number)?;
            let named = |(step, go): &(usize, Go)| Some((self.step_id(*step)?.to_owned(), *go));
            let steps: Vec<(String, Go)> = draft.steps.iter().filter_map(named).collect();
            let of_section = takes.iter().filter(|(to, _)| to == number);
            Some(Section {
                goes: steps.iter().filter(|(_, go)| *go != Go::Whole).cloned().collect(),
                steps: steps.into_iter().map(|(step, _)| step).collect(),
                takes: of_section
                    .map(|(_, (from, take))| Take { section: place(*from), ..take.clone() })
                    .collect(),
                gathers: draft.manner == Manner::One,
                parts: if let Manner::Parts(parts) = draft.manner { parts } else { 1 },
            })
        };
        order.iter().filter_map(section).collect()
    }

    /// The sections in the order in which they were begun, but each after those it waits for.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        while let Some((next, _)) = self.drafts.iter().enumerate().find(|(place, draft)| {
            !order.contains(place) && draft.behind.iter().all(|before| order.contains(before))
        }) {
            order.push(next);
        }
        order
    }

    /// What sections take from each other: who takes, from whom, and what.
    fn takes(&self) -> Vec<(usize, (usize, Take))> {
        let mut takes = Vec::new();
        for step in 0..self.workflow.steps.len() {
            let Some(home) = self.homes.get(step) else { continue };
            let taker = home.first.unwrap_or(home.last);
            for edge in self.graph.before(step) {
                let Some(link) = self.link(edge) else { continue };
                let whole = home.whole == Some(link.to.port.as_str());
                for maker in self.makers(edge).into_iter().filter(|maker| *maker != taker) {
                    let take = Take { section: 0, link: link.clone(), whole };
                    takes.push((taker, (maker, take)));
                }
            }
            if let (Some(first), Some(id)) = (home.first, self.step_id(step)) {
                let link = Link::new(Port::new(id, OUT), Port::new(id, self.input(step)));
                let take = Take { section: 0, link, whole: false };
                takes.push((home.last, (first, take)));
            }
        }
        takes
    }

    /// The port by which a step in two goes takes records.
    fn input(&self, step: usize) -> &str {
        let linked = self.graph.before(step).first().and_then(|edge| self.link(edge));
        linked.map_or(IN, |link| link.to.port.as_str())
    }
}
