//! How large the sources of a workflow are, as far as that shows before they are read.

use bus_core::{
    plan::Extent,
    workflow::{Step, Workflow},
};
use connectors::contract::{Connector, Context, Division};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A source that can be read in parts.
pub(crate) struct Source {
    pub(crate) division: Division,
    pub(crate) settings: Value,
    pub(crate) context: Context,
    pub(crate) extent: Extent,
    /// What else was seen of it: what divides it wants to know.
    pub(crate) seen: Value,
}

/// The sources of a workflow that can be read in parts and have something to read, by step. Those that cannot
/// be looked at are left out: reading them says what is wrong.
pub(crate) async fn divisible(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    parameters: &Map<String, Value>,
    context: impl Fn(&Step, Division) -> Option<Context>,
) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    for step in &workflow.steps {
        let Some(division) = find(&step.connector).and_then(Connector::division) else { continue };
        let Some(context) = context(step, division) else { continue };
        let settings = Workflow::settings(step, parameters);
        if let Ok(Some((extent, seen))) = division.look(settings.clone(), context.clone()).await {
            sources.insert(step.id.clone(), Source { division, settings, context, extent, seen });
        }
    }
    sources
}

/// How large the sources of a workflow are that are near; `context` says what each may use to look.
pub async fn extents(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    parameters: &Map<String, Value>,
    context: impl Fn(&Step) -> Context,
) -> BTreeMap<String, Extent> {
    let near = |step: &Step, division: Division| (!division.is_far()).then(|| context(step));
    let sources = divisible(workflow, find, parameters, near).await.into_iter();
    sources.map(|(step, source)| (step, source.extent)).collect()
}
