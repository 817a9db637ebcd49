//! Whether a run is done by one task or in parts: decided when it is known how large its sources are.

use super::layout::{Section, layout};
use crate::{
    Language, Message,
    catalogue::{Catalogue, Kind, Parts},
    msg,
    workflow::{Step, Workflow},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is known of a source before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// How much there is to read, bytes.
    pub bytes: u64,
    /// Why it can only be read from its beginning to its end, if so.
    pub undivided: Option<Message>,
}

/// From when on runs are done in parts, and in how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rules {
    /// A source with less, bytes, is read by one task.
    pub from_bytes: u64,
    /// About so many bytes make a part.
    pub part_bytes: u64,
    /// The most parts of one source.
    pub most_parts: u32,
}

impl Default for Rules {
    /// From 32 MiB on, in parts of 8 MiB, at most 192.
    fn default() -> Self {
        Self { from_bytes: 32 << 20, part_bytes: 8 << 20, most_parts: 192 }
    }
}

/// Many workers share a multiple of it evenly. From so many parts on, they get smaller towards the end.
const DOZEN: u32 = 12;

/// How a run is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// The sources that are read in parts, with how many; without any, the run is one task.
    pub parts: BTreeMap<String, u32>,
    /// Whether steps need workers of different labels: then each label has its own tasks.
    pub by_labels: bool,
    /// What was decided of each source, and why.
    pub why: Vec<(String, Message)>,
}

/// Decides how a run is done, from what is known of its sources.
#[must_use]
pub fn choose(
    workflow: &Workflow,
    (catalogue, parameters): (&dyn Catalogue, &Map<String, Value>),
    extents: &BTreeMap<String, Extent>,
    rules: Rules,
) -> Choice {
    let mut choice =
        Choice { parts: BTreeMap::new(), by_labels: workflow.labels().len() > 1, why: Vec::new() };
    let is_source =
        |step: &&Step| catalogue.entry(&step.connector).is_some_and(|entry| entry.kind == Kind::Source);
    for step in workflow.steps.iter().filter(is_source) {
        let (parts, why) = match extents.get(&step.id) {
            _ if choice.by_labels => {
                (1, msg!("its records go to workers of different labels, chunk by chunk"))
            }
            None => (1, msg!("how much it brings shows only while it is read")),
            Some(Extent { undivided: Some(why), .. }) => (1, why.clone()),
            Some(Extent { bytes, .. }) if *bytes < rules.from_bytes => {
                let least = size(rules.from_bytes);
                (
                    1,
                    msg!(
                        "{size}, less than the {least} from which on parts pay",
                        size = size(*bytes),
                        least = least
                    ),
                )
            }
            Some(Extent { bytes, .. }) => match objection(workflow, (catalogue, parameters), &step.id) {
                Some(why) => (1, why),
                None => {
                    let parts = count(*bytes, rules);
                    (parts, msg!("{size}, in {count} parts", size = size(*bytes), count = parts))
                }
            },
        };
        if parts > 1 {
            choice.parts.insert(step.id.clone(), parts);
        }
        choice.why.push((step.id.clone(), why));
    }
    choice
}

/// Why nothing is won when a source is read in parts.
fn objection(
    workflow: &Workflow,
    (catalogue, parameters): (&dyn Catalogue, &Map<String, Value>),
    source: &str,
) -> Option<Message> {
    let two = BTreeMap::from([(source.to_owned(), 2)]);
    let sections = layout(workflow, (catalogue, parameters), &two);
    let place = sections.iter().position(|section| section.steps.iter().any(|step| step == source))?;
    let behind =
        |section: &Section| section.takes.iter().any(|take| usize::try_from(take.section) == Ok(place));
    let wants_start = |id: &&String| {
        workflow.step(id).is_some_and(|step| {
            let settings = Workflow::settings(step, parameters);
            catalogue.parts(&step.connector, &settings) == Parts::Start
        })
    };
    let mut next =
        sections.iter().filter(|section| behind(section)).filter_map(|section| section.steps.first());
    if let Some(step) = next.find(wants_start) {
        return Some(msg!("`{step}` wants the first records only", step = step));
    }
    let steps = sections.get(place).map_or(0, |section| section.steps.len());
    (steps < 2).then(|| msg!("nothing is done with its records before all are needed together"))
}

/// How many parts so many bytes make: a number that two, three, four or six workers share evenly.
fn count(bytes: u64, rules: Rules) -> u32 {
    let wanted = u32::try_from(bytes.div_ceil(rules.part_bytes.max(1))).unwrap_or(u32::MAX);
    let parts = match wanted {
        ..=2 => 2,
        3..=4 => wanted,
        5..=6 => 6,
        _ => wanted.saturating_add(DOZEN / 2).max(DOZEN) / DOZEN * DOZEN,
    };
    parts.min(rules.most_parts.max(1))
}

/// Where `parts` of so much end, ascending. Many get smaller towards the end, from half as much again as their
/// mean to half of it: workers that are not equally fast still end at about the same time (compare Hummel,
/// Schonberg and Flynn, “Factoring”, CACM 35(8), 1992). Few are as large as each other: each may have a worker.
pub fn ends(total: u64, parts: u32) -> impl Iterator<Item = u64> {
    let (all, parts) = (u128::from(total), u128::from(parts.max(1)));
    let mut before = 0;
    let end = move |part: u128| match parts >= u128::from(DOZEN) {
        // (3 x - x²) / 2 of it, where x of the parts have ended
        true => all * part * (3 * parts - part) / (2 * parts * parts),
        false => (all * part).div_ceil(parts),
    };
    let ends = (1..=parts).map(move |part| u64::try_from(end(part)).unwrap_or(u64::MAX));
    ends.filter(move |end| std::mem::replace(&mut before, *end) < *end)
}

/// So many bytes as a person says it.
fn size(bytes: u64) -> Message {
    match bytes {
        0..1_000 => msg!("{count} bytes", count = bytes),
        1_000..1_000_000 => msg!("{count} kB", count = bytes / 1_000),
        1_000_000..10_000_000_000 => msg!("{count} MB", count = bytes / 1_000_000),
        _ => msg!("{count} GB", count = bytes / 1_000_000_000),
    }
}

impl Choice {
    /// Whether it is one task that does everything.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.parts.is_empty() && !self.by_labels
    }

    /// The choice as a person reads it, a line a source.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let head = match (self.by_labels, self.is_whole()) {
            (true, _) => msg!("each label has its own tasks:"),
            (false, true) => msg!("a run is one task:"),
            (false, false) => msg!("a run is done in parts:"),
        };
        let mut out = head.text(language) + "\n";
        for (step, why) in &self.why {
            let line = msg!("  {step}: {why}", step = step, why = why.clone());
            out.push_str(&line.text(language));
            out.push('\n');
        }
        out
    }
}
