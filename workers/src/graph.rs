use crate::seams::{self, Drain, Feed};
use bus_core::{
    catalogue::ERRORS,
    error::StepError,
    msg,
    record::Batch,
    workflow::{Port, Step, Workflow},
};
use connectors::contract::{Connector, Wiring};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc::{Receiver, Sender, channel};

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

/// The steps of a workflow, wired, and what feeds and drains them where other steps would.
pub(crate) fn build<'a>(
    workflow: &'a Workflow,
    find: &impl Fn(&str) -> Option<&'static Connector>,
    seams: (Vec<Feed>, Vec<Drain>),
) -> Result<(Vec<Node<'a>>, Vec<Pump>), StepError> {
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
    let senders = inputs(&mut nodes);
    link(workflow, &places, &mut nodes, &senders)?;
    let mut pumps = Vec::new();
    for Feed { to, read } in seams.0 {
        let place = places.get(to.step.as_str()).copied().unwrap_or(usize::MAX);
        let sender = senders.get(&(place, to.port.as_str())).ok_or_else(|| no_port(&to))?.clone();
        pumps.push(Pump { work: read(sender.clone()), link: Some(sender) });
    }
    for Drain { from, write } in seams.1 {
        let node = places.get(from.step.as_str()).and_then(|place| nodes.get_mut(*place));
        let node = node.ok_or_else(|| no_port(&from))?;
        let port = output(node, &from.port).ok_or_else(|| no_port(&from))?;
        let (sender, receiver) = channel(BATCHES_ON_A_LINK);
        connect(node, port, sender);
        pumps.push(Pump { work: write(receiver), link: None });
    }
    drop(senders);
    refuse_cycles(&nodes)?;
    Ok((nodes, pumps))
}

/// What moves records over the edge of the part that runs.
pub(crate) struct Pump {
    pub(crate) work: seams::Ended,
    /// Held until it is known how the work ended, so that no step takes a broken feed for the whole.
    pub(crate) link: Option<Sender<Batch>>,
}

type Senders = BTreeMap<(usize, &'static str), Sender<Batch>>;

/// Gives every step its inputs. An input without a link ends at once, when its sender goes.
fn inputs(nodes: &mut [Node<'_>]) -> Senders {
    let mut senders = BTreeMap::new();
    for (place, node) in nodes.iter_mut().enumerate() {
        for input in node.connector.inputs() {
            let (sender, receiver) = channel(BATCHES_ON_A_LINK);
            node.inputs.push((input.name, receiver));
            senders.insert((place, input.name), sender);
        }
    }
    senders
}

fn output(node: &Node<'_>, name: &str) -> Option<&'static str> {
    node.connector.outputs().iter().copied().chain([ERRORS]).find(|port| *port == name)
}

fn connect(node: &mut Node<'_>, port: &'static str, sender: Sender<Batch>) {
    match node.outputs.iter_mut().find(|(known, _)| *known == port) {
        Some((_, links)) => links.push(sender),
        None => node.outputs.push((port, vec![sender])),
    }
}

fn no_port(port: &Port) -> StepError {
    StepError::ours(msg!("there is no port `{port}`", port = port.to_string()))
}

fn link(
    workflow: &Workflow,
    places: &BTreeMap<&str, usize>,
    nodes: &mut [Node<'_>],
    senders: &Senders,
) -> Result<(), StepError> {
    for link in &workflow.links {
        let unknown = |port: &Port| {
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
        let port = output(node, &link.from.port).ok_or_else(|| unknown(&link.from))?;
        connect(node, port, sender);
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
