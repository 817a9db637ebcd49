use bus_core::{
    catalogue::ERRORS,
    error::StepError,
    msg,
    record::Batch,
    workflow::{Step, Workflow},
};
use connectors::contract::{Connector, Wiring};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc::{Receiver, channel};

/// A step with its connector and channels.
pub(crate) struct Node<'a> {
    pub(crate) step: &'a Step,
    pub(crate) connector: &'static Connector,
    pub(crate) inputs: Vec<(&'static str, Receiver<Batch>)>,
    pub(crate) outputs: Wiring,
    /// The steps whose records reach this one.
    pub(crate) before: Vec<usize>,
    /// Which of the parts of the workflow that hang together it belongs to.
    pub(crate) part: usize,
}

/// Enough that neighbours rarely wait for each other, few enough that memory stays bounded.
const BATCHES_ON_A_LINK: usize = 4;

/// The steps of a workflow, wired.
pub(crate) fn build<'a>(
    workflow: &'a Workflow,
    find: &impl Fn(&str) -> Option<&'static Connector>,
) -> Result<Vec<Node<'a>>, StepError> {
    let mut nodes = Vec::with_capacity(workflow.steps.len());
    let mut places = BTreeMap::new();
    for (place, step) in workflow.steps.iter().enumerate() {
        if places.insert(step.id.as_str(), place).is_some() {
            return Err(wrong(msg!("two steps have the id `{id}`", id = &step.id)));
        }
        let Some(connector) = find(&step.connector) else {
            return Err(wrong(msg!("there is no connector `{id}`", id = &step.connector))
                .at(msg!("step `{step}`", step = &step.id)));
        };
        nodes.push(Node {
            step,
            connector,
            inputs: Vec::new(),
            outputs: Vec::new(),
            before: Vec::new(),
            part: place,
        });
    }
    link(workflow, &places, &mut nodes)?;
    refuse_cycles(&nodes)?;
    Ok(nodes)
}

fn link(
    workflow: &Workflow,
    places: &BTreeMap<&str, usize>,
    nodes: &mut [Node<'_>],
) -> Result<(), StepError> {
    let mut senders = BTreeMap::new();
    for (place, node) in nodes.iter_mut().enumerate() {
        for input in node.connector.inputs() {
            // an input without a link ends at once: its sender goes when this function returns
            let (sender, receiver) = channel(BATCHES_ON_A_LINK);
            node.inputs.push((input.name, receiver));
            senders.insert((place, input.name), sender);
        }
    }
    for link in &workflow.links {
        let unknown = |port: &bus_core::workflow::Port| {
            wrong(msg!(
                "the link `{link}` names the port `{port}`, which does not exist",
                link = link.to_string(),
                port = port.to_string()
            ))
        };
        let from = *places.get(link.from.step.as_str()).ok_or_else(|| unknown(&link.from))?;
        let to = *places.get(link.to.step.as_str()).ok_or_else(|| unknown(&link.to))?;
        let sender = senders.get(&(to, link.to.port.as_str())).ok_or_else(|| unknown(&link.to))?.clone();
        let part = nodes.get(from).map_or(from, |node| node.part);
        let joined = nodes.get(to).map_or(to, |node| node.part);
        if let Some(node) = nodes.get_mut(to) {
            node.before.push(from);
        }
        let Some(node) = nodes.get_mut(from) else { continue };
        let ports = node.connector.outputs().iter().copied();
        let port = ports.chain([ERRORS]).find(|port| *port == link.from.port);
        let port = port.ok_or_else(|| unknown(&link.from))?;
        match node.outputs.iter_mut().find(|(known, _)| *known == port) {
            Some((_, links)) => links.push(sender),
            None => node.outputs.push((port, vec![sender])),
        }
        for node in nodes.iter_mut().filter(|node| node.part == joined) {
            node.part = part;
        }
    }
    Ok(())
}

/// A cycle would wait for itself for ever.
fn refuse_cycles(nodes: &[Node<'_>]) -> Result<(), StepError> {
    let mut waits: Vec<usize> = nodes.iter().map(|node| node.before.len()).collect();
    let mut free: VecDeque<usize> =
        waits.iter().enumerate().filter(|(_, waits)| **waits == 0).map(|(place, _)| place).collect();
    while let Some(done) = free.pop_front() {
        for (place, node) in nodes.iter().enumerate() {
            let links = node.before.iter().filter(|before| **before == done).count();
            let Some(waits) = waits.get_mut(place).filter(|_| links > 0) else { continue };
            *waits -= links;
            if *waits == 0 {
                free.push_back(place);
            }
        }
    }
    let stuck = nodes.iter().zip(&waits).filter(|(_, waits)| **waits > 0);
    let stuck: Vec<&str> = stuck.map(|(node, _)| node.step.id.as_str()).collect();
    if stuck.is_empty() {
        return Ok(());
    }
    Err(wrong(msg!("the links make a cycle: {steps}", steps = stuck.join(", "))))
}

fn wrong(message: bus_core::Message) -> StepError {
    StepError::settings(message)
}
