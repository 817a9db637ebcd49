//! The links of an export: which component's data goes where.

use super::{
    export::{Component, Export},
    given::Given,
};
use bus_core::{Message, check::Problem, msg};
use std::collections::{HashMap, HashSet};

/// The components that send records to one component.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    pub(super) first: Vec<usize>,
    pub(super) second: Vec<usize>,
}

/// The links between components, by number, without circles.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) inputs: Vec<Inputs>,
    /// Every component after those that send to it.
    pub(super) order: Vec<usize>,
    /// The number of each component by its id.
    pub(super) numbers: HashMap<String, usize>,
    /// What is doubtful in a component's links.
    pub(super) doubts: Vec<(usize, Message)>,
}

fn note(problem: Message) -> Problem {
    Problem::error(problem).as_warning()
}

/// A link between components that are there.
#[derive(Debug, Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    second: bool,
}

pub(super) fn net(export: &Export, findings: &mut Vec<Problem>) -> Net {
    let mut numbers = HashMap::new();
    for (number, component) in export.components.iter().enumerate().filter(|(_, it)| !it.id.is_empty()) {
        if numbers.contains_key(&component.id) {
            let problem =
                msg!("two components have the id `{id}`: links go to the first", id = &component.id);
            findings.push(note(problem));
        } else {
            numbers.insert(component.id.clone(), number);
        }
    }
    let edges = edges(export, &numbers, findings);
    let (edges, order) = without_circles(export, edges, findings);
    let mut net =
        Net { inputs: vec![Inputs::default(); export.components.len()], order, numbers, doubts: Vec::new() };
    for edge in &edges {
        if let Some(inputs) = net.inputs.get_mut(edge.to) {
            if edge.second { inputs.second.push(edge.from) } else { inputs.first.push(edge.from) }
        }
    }
    net.second_inputs(export);
    net
}

fn edges(export: &Export, numbers: &HashMap<String, usize>, findings: &mut Vec<Problem>) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    let mut seen = HashSet::new();
    for (place, wire) in export.links.iter().enumerate() {
        let ends = numbers.get(&wire.source).zip(numbers.get(&wire.target));
        let Some((&from, &to)) = ends else {
            let unknown = if numbers.contains_key(&wire.source) { &wire.target } else { &wire.source };
            let shown = if unknown.is_empty() { "?" } else { unknown.as_str() };
            let problem = msg!(
                "link {number} is left out: there is no component `{id}`",
                number = place + 1,
                id = shown
            );
            findings.push(note(problem));
            continue;
        };
        if !seen.insert((from, to, wire.second)) {
            findings.push(note(msg!("link {number} is left out: it is there already", number = place + 1)));
            continue;
        }
        edges.push(Edge { from, to, second: wire.second });
    }
    edges
}

/// The links without those that lead back, and the components in an order that follows them.
fn without_circles(
    export: &Export,
    edges: Vec<Edge>,
    findings: &mut Vec<Problem>,
) -> (Vec<Edge>, Vec<usize>) {
    let count = export.components.len();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (place, edge) in edges.iter().enumerate() {
        if let Some(list) = after.get_mut(edge.from) {
            list.push(place);
        }
    }
    let mut dropped = HashSet::new();
    let (mut state, mut done) = (vec![0_u8; count], Vec::with_capacity(count));
    for start in 0..count {
        // depth first, with a stack of its own: exports may be long
        let mut stack = vec![(start, 0_usize)];
        if state.get(start) != Some(&0) {
            continue;
        }
        state[start] = 1;
        while let Some((node, next)) = stack.pop() {
            let Some(place) = after.get(node).and_then(|list| list.get(next)).copied() else {
                state[node] = 2;
                done.push(node);
                continue;
            };
            stack.push((node, next + 1));
            let Some(edge) = edges.get(place) else { continue };
            match state.get(edge.to) {
                Some(0) => {
                    state[edge.to] = 1;
                    stack.push((edge.to, 0));
                }
                Some(1) => {
                    dropped.insert(place);
                    let name = |number: usize| export.components.get(number).map(shown).unwrap_or_default();
                    findings.push(note(msg!(
                        "the link from {from} to {to} is left out: it leads in a circle",
                        from = name(edge.from),
                        to = name(edge.to)
                    )));
                }
                _ => {}
            }
        }
    }
    done.reverse();
    let kept =
        edges.into_iter().enumerate().filter(|(place, _)| !dropped.contains(place)).map(|(_, edge)| edge);
    (kept.collect(), done)
}

/// A component as a person may know it.
pub(super) fn shown(component: &Component) -> String {
    let name = if component.name.is_empty() { &component.id } else { &component.name };
    format!("`{name}` ({})", if component.called.is_empty() { "?" } else { &component.called })
}

impl Net {
    /// Finds the second input of components that have one, where the link does not say it.
    fn second_inputs(&mut self, export: &Export) {
        for (number, component) in export.components.iter().enumerate() {
            let Some(inputs) = self.inputs.get_mut(number) else { continue };
            let has_two = super::kinds::has_second_input(&component.called);
            if !has_two {
                let more = std::mem::take(&mut inputs.second);
                inputs.first.extend(more);
                continue;
            }
            if !inputs.second.is_empty() {
                continue;
            }
            let given = Given::new(&component.settings);
            let place = |id: Option<String>| {
                let known = self.numbers.get(&id?)?;
                inputs.first.iter().position(|from| from == known)
            };
            let second = place(given.text(&["secondaryComponentId"]));
            let first = place(given.text(&["primaryComponentId"]));
            let found = match (second, first, inputs.first.len()) {
                (Some(second), ..) => Some(second),
                (None, Some(first), 2) => Some(1 - first),
                (None, None, 2) => {
                    let doubt = msg!(
                        "which of its two inputs is the second one is not said: the later link was taken"
                    );
                    self.doubts.push((number, doubt));
                    Some(1)
                }
                _ => None,
            };
            if let Some(second) = found {
                let from = inputs.first.remove(second);
                inputs.second.push(from);
            }
        }
    }
}
