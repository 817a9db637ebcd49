//! Where things stand on the canvas.

use bus_core::{
    api::ConnectorInfo,
    catalogue::ERRORS,
    workflow::{Position, Workflow},
};
use std::collections::BTreeMap;

/// How wide a step is drawn.
pub(crate) const WIDTH: i32 = 200;
/// How high its head is.
const HEAD: i32 = 46;
/// How high each row of ports is.
const ROW: i32 = 18;
/// What is left below them.
const FOOT: i32 = 6;
/// From a step to the next one, and to the one below, when the bus places them.
const APART: (i32, i32) = (270, 120);

/// The ports of a step, in the order they are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ports {
    /// On its left.
    pub(crate) inputs: Vec<String>,
    /// On its right; `errors` last.
    pub(crate) outputs: Vec<String>,
}

impl Ports {
    /// Those of the step `id`: what its connector has, and what is linked though it is not there.
    pub(crate) fn of(document: &Workflow, id: &str, connector: Option<&ConnectorInfo>) -> Self {
        let mut inputs: Vec<String> = Vec::new();
        let mut outputs: Vec<String> = Vec::new();
        if let Some(connector) = connector {
            inputs.extend(connector.inputs.iter().map(|input| input.name.clone()));
            outputs.extend(connector.outputs.iter().cloned());
        }
        for link in &document.links {
            if link.to.step == id && !inputs.contains(&link.to.port) {
                inputs.push(link.to.port.clone());
            }
            if link.from.step == id && link.from.port != ERRORS && !outputs.contains(&link.from.port) {
                outputs.push(link.from.port.clone());
            }
        }
        outputs.push(ERRORS.to_owned());
        Self { inputs, outputs }
    }

    /// How high the step is drawn.
    pub(crate) fn height(&self) -> i32 {
        HEAD + ROW * rows(self.inputs.len().max(self.outputs.len())) + FOOT
    }

    /// Where the input `port` of a step at `place` is.
    pub(crate) fn input_at(&self, place: Position, port: &str) -> (i32, i32) {
        (place.x, place.y + row_of(&self.inputs, port))
    }

    /// Where the output `port` of a step at `place` is.
    pub(crate) fn output_at(&self, place: Position, port: &str) -> (i32, i32) {
        (place.x + WIDTH, place.y + row_of(&self.outputs, port))
    }
}

fn rows(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / ROW / 2)
}

fn row_of(ports: &[String], port: &str) -> i32 {
    let row = ports.iter().position(|it| it == port).unwrap_or_default();
    HEAD + ROW * rows(row) + ROW / 2
}

/// The line of a link, as SVG writes it.
pub(crate) fn curve(from: (i32, i32), to: (i32, i32)) -> String {
    let reach = ((to.0 - from.0).abs() / 2).clamp(40, 160);
    format!(
        "M{} {}C{} {} {} {} {} {}",
        from.0,
        from.1,
        from.0 + reach,
        from.1,
        to.0 - reach,
        to.1,
        to.0,
        to.1
    )
}

/// Where the steps stand: where the document says, or else where [`tidy`] would put them.
pub(crate) fn places(document: &Workflow) -> BTreeMap<String, Position> {
    if document.steps.iter().all(|step| step.position.is_some()) {
        return document.steps.iter().filter_map(|step| Some((step.id.clone(), step.position?))).collect();
    }
    let mut places = tidy(document);
    for step in &document.steps {
        if let Some(position) = step.position {
            places.insert(step.id.clone(), position);
        }
    }
    places
}

/// A place for each step: columns from the sources to the sinks, each step level with those it takes from.
pub(crate) fn tidy(document: &Workflow) -> BTreeMap<String, Position> {
    let columns = columns(document);
    let mut levels: BTreeMap<&str, i32> = BTreeMap::new();
    let last = columns.values().copied().max().unwrap_or_default();
    for column in 0..=last {
        let mut members: Vec<(i32, &str)> = document
            .steps
            .iter()
            .filter(|step| columns.get(step.id.as_str()) == Some(&column))
            .map(|step| (wished(document, &levels, &step.id), step.id.as_str()))
            .collect();
        members.sort_by_key(|(level, _)| *level);
        let mut free = i32::MIN;
        for (level, id) in members {
            let level = level.max(free);
            levels.insert(id, level);
            free = level + 2;
        }
    }
    let place = |id: &str| Position {
        x: 40 + APART.0 * columns.get(id).copied().unwrap_or_default(),
        y: 40 + APART.1 * levels.get(id).copied().unwrap_or_default() / 2,
    };
    document.steps.iter().map(|step| (step.id.clone(), place(&step.id))).collect()
}

/// The level, in halves, of the steps that `id` takes from.
fn wished(document: &Workflow, levels: &BTreeMap<&str, i32>, id: &str) -> i32 {
    let before = document.links.iter().filter(|link| link.to.step == id);
    let known: Vec<i32> = before.filter_map(|link| levels.get(link.from.step.as_str()).copied()).collect();
    known.iter().sum::<i32>() / rows(known.len().max(1))
}

/// How many links lead at most to each step.
fn columns(document: &Workflow) -> BTreeMap<&str, i32> {
    let mut columns: BTreeMap<&str, i32> = document.steps.iter().map(|step| (step.id.as_str(), 0)).collect();
    // as often as there are steps: a circle ends too
    for _ in 0..document.steps.len() {
        let mut moved = false;
        for link in &document.links {
            let after = columns.get(link.from.step.as_str()).copied().unwrap_or_default() + 1;
            if let Some(column) = columns.get_mut(link.to.step.as_str()).filter(|column| **column < after) {
                *column = after;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::workflow::{Link, Step};

    fn workflow(links: &[(&str, &str)]) -> Workflow {
        let mut document = Workflow::new("");
        for (from, to) in links {
            for id in [from, to] {
                if document.step(id).is_none() {
                    document.steps.push(Step { id: (*id).to_owned(), ..Step::default() });
                }
            }
            document.links.push(Link::between(from, to));
        }
        document
    }

    #[test]
    fn steps_follow_those_they_take_from() {
        let places = places(&workflow(&[("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")]));
        assert_eq!((places["a"].x, places["b"].x, places["c"].x, places["d"].x), (40, 310, 580, 310));
        assert_ne!(places["b"].y, places["d"].y);
    }

    #[test]
    fn a_circle_is_drawn_too() {
        assert_eq!(places(&workflow(&[("a", "b"), ("b", "a")])).len(), 2);
    }

    #[test]
    fn a_port_that_is_linked_is_drawn_though_its_connector_is_unknown() {
        let mut document = workflow(&[("a", "b")]);
        document.links[0].to.port = "left".to_owned();
        let ports = Ports::of(&document, "b", None);
        assert_eq!((ports.inputs, ports.outputs), (vec!["left".to_owned()], vec!["errors".to_owned()]));
    }
}
