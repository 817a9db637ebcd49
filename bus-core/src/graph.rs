//! The steps of a workflow and the links between them, by number: what checks and plans walk on.

use crate::workflow::Workflow;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, HashSet},
};

/// One link between two steps that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The number of the link in the document.
    pub(crate) link: usize,
    /// The number of the step it leaves.
    pub(crate) from: usize,
    /// The number of the step it reaches.
    pub(crate) to: usize,
}

/// Steps by number, with the links between them; links to steps that do not exist are left out.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    after: Vec<Vec<Edge>>,
    before: Vec<Vec<Edge>>,
}

impl Graph {
    pub(crate) fn of(workflow: &Workflow) -> Self {
        let mut numbers = HashMap::new();
        for (number, step) in workflow.steps.iter().enumerate() {
            numbers.entry(step.id.as_str()).or_insert(number);
        }
        let mut graph = Self {
            after: vec![Vec::new(); workflow.steps.len()],
            before: vec![Vec::new(); workflow.steps.len()],
        };
        for (link, ends) in workflow.links.iter().enumerate() {
            let number = |id: &str| numbers.get(id).copied();
            if let Some((from, to)) = number(&ends.from.step).zip(number(&ends.to.step)) {
                let edge = Edge { link, from, to };
                graph.after.get_mut(from).into_iter().for_each(|edges| edges.push(edge));
                graph.before.get_mut(to).into_iter().for_each(|edges| edges.push(edge));
            }
        }
        graph
    }

    /// The links that leave a step.
    pub(crate) fn after(&self, step: usize) -> &[Edge] {
        self.after.get(step).map(Vec::as_slice).unwrap_or_default()
    }

    /// The links that reach a step.
    pub(crate) fn before(&self, step: usize) -> &[Edge] {
        self.before.get(step).map(Vec::as_slice).unwrap_or_default()
    }

    /// The steps in an order in which each comes after all that lead to it, as near to the order of the
    /// document as that allows; steps in or after a cycle are left out.
    pub(crate) fn order(&self) -> Vec<usize> {
        let mut waits: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let free = waits.iter().enumerate().filter(|(_, waits)| **waits == 0);
        let mut ready: BinaryHeap<Reverse<usize>> = free.map(|(step, _)| Reverse(step)).collect();
        let mut order = Vec::new();
        while let Some(Reverse(step)) = ready.pop() {
            order.push(step);
            for edge in self.after(step) {
                let Some(waits) = waits.get_mut(edge.to) else { continue };
                *waits -= 1;
                if *waits == 0 {
                    ready.push(Reverse(edge.to));
                }
            }
        }
        order
    }

    /// The steps that lead in a circle, one circle for each group of them: each step once, in order.
    pub(crate) fn cycles(&self) -> Vec<Vec<usize>> {
        let ordered: HashSet<usize> = self.order().into_iter().collect();
        let mut left: BTreeSet<usize> =
            (0..self.after.len()).filter(|step| !ordered.contains(step)).collect();
        let mut cycles = Vec::new();
        while let Some(start) = left.first().copied() {
            let mut round = self.round(start, &left);
            let first = round.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(place, _)| place);
            round.rotate_left(first);
            left.remove(&start);
            for (step, reached) in self.reached(&round).into_iter().enumerate() {
                if reached {
                    left.remove(&step);
                }
            }
            if !round.is_empty() {
                cycles.push(round);
            }
        }
        cycles
    }

    /// Walks back from `start`, within `left`, until it comes round; empty if it does not.
    fn round(&self, start: usize, left: &BTreeSet<usize>) -> Vec<usize> {
        let mut path = vec![start];
        let mut seen = HashMap::from([(start, 0)]);
        loop {
            let here = path.last().copied().unwrap_or(start);
            let mut before = self.before(here).iter().map(|edge| edge.from);
            let Some(before) = before.find(|step| left.contains(step)) else { return Vec::new() };
            if let Some(place) = seen.get(&before) {
                return path.into_iter().skip(*place).rev().collect();
            }
            seen.insert(before, path.len());
            path.push(before);
        }
    }

    /// For each step, whether records from `starts` can reach it; `starts` themselves are.
    pub(crate) fn reached(&self, starts: &[usize]) -> Vec<bool> {
        let mut reached = vec![false; self.after.len()];
        let mut waiting = starts.to_vec();
        while let Some(step) = waiting.pop() {
            match reached.get_mut(step) {
                Some(known) if !*known => *known = true,
                _ => continue,
            }
            waiting.extend(self.after(step).iter().map(|edge| edge.to));
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Link, Step};

    fn graph(links: &[(&str, &str)], steps: &[&str]) -> Graph {
        let mut workflow = Workflow::new("");
        workflow.steps = steps.iter().map(|id| Step { id: (*id).to_owned(), ..Step::default() }).collect();
        workflow.links = links.iter().map(|(from, to)| Link::between(from, to)).collect();
        Graph::of(&workflow)
    }

    #[test]
    fn order_follows_links_then_document() {
        let steps = ["d", "a", "b", "c"];
        assert_eq!(graph(&[("a", "b"), ("b", "d"), ("a", "c")], &steps).order(), [1, 2, 0, 3]);
    }

    #[test]
    fn cycles_are_named_once() {
        let steps = ["in", "a", "b", "c", "after", "self", "x", "y"];
        let links = [
            ("in", "a"),
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("c", "after"),
            ("self", "self"),
            ("x", "y"),
            ("y", "x"),
        ];
        let graph = graph(&links, &steps);
        assert_eq!(graph.cycles(), [vec![1, 2, 3], vec![5], vec![6, 7]]);
        assert_eq!(graph.order(), [0]);
    }
}
