//! Copies of steps.

use bus_core::workflow::{Link, Position, Step, Workflow};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far from the original a copy stands.
const ASIDE: i32 = 48;

/// Copied steps and the links between them: a workflow of its own, so that it can be kept as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Clipping(Workflow);

impl Clipping {
    /// A copy of `chosen`; none of nothing.
    pub(crate) fn of(document: &Workflow, chosen: &BTreeSet<String>) -> Option<Self> {
        let steps: Vec<Step> =
            document.steps.iter().filter(|step| chosen.contains(&step.id)).cloned().collect();
        let within = |link: &&Link| chosen.contains(&link.from.step) && chosen.contains(&link.to.step);
        let links = document.links.iter().filter(within).cloned().collect();
        (!steps.is_empty()).then(|| Self(Workflow { steps, links, ..Workflow::new("") }))
    }

    /// How many steps were copied.
    pub(crate) const fn count(&self) -> usize {
        self.0.steps.len()
    }
}

/// The steps and links of a clipping with ids that are free in `document`.
pub(super) fn fresh(document: &Workflow, clipping: &Clipping) -> (Vec<Step>, Vec<Link>) {
    let mut with = document.clone();
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for step in &clipping.0.steps {
        let id = free_id(&with, &step.id);
        let position = step.position.map(|at| Position { x: at.x + ASIDE, y: at.y + ASIDE });
        with.steps.push(Step { id: id.clone(), position, ..step.clone() });
        ids.insert(&step.id, id);
    }
    let links = clipping.0.links.iter().filter_map(|link| {
        let mut link = link.clone();
        link.from.step.clone_from(ids.get(link.from.step.as_str())?);
        link.to.step.clone_from(ids.get(link.to.step.as_str())?);
        Some(link)
    });
    (with.steps.split_off(document.steps.len()), links.collect())
}

/// An id that no step has: `wanted`, or with a number behind it.
pub(super) fn free_id(document: &Workflow, wanted: &str) -> String {
    if document.step(wanted).is_none() {
        return wanted.to_owned();
    }
    let bare = wanted.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('-');
    let mut number = 2_u32;
    loop {
        let id = format!("{bare}-{number}");
        if document.step(&id).is_none() {
            return id;
        }
        number += 1;
    }
}
