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
}

/// The sources of a workflow that can be read in parts and have something to read, by step. Those that cannot
/// be looked at are left out: reading them says what is wrong.
pub(crate) fn divisible(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    parameters: &Map<String, Value>,
    context: impl Fn(&Step) -> Context,
) -> BTreeMap<String, Source> {
    let look = |step: &Step| {
        let division = find(&step.connector)?.division()?;
        let settings = Workflow::settings(step, parameters);
        let context = context(step);
        let extent = division.extent(&settings, &context).ok()??;
        Some((step.id.clone(), Source { division, settings, context, extent }))
    };
    workflow.steps.iter().filter_map(look).collect()
}

/// How large the sources of a workflow are; `context` says what each may use to look.
pub fn extents(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    parameters: &Map<String, Value>,
    context: impl Fn(&Step) -> Context,
) -> BTreeMap<String, Extent> {
    let sources = divisible(workflow, find, parameters, context).into_iter();
    sources.map(|(step, source)| (step, source.extent)).collect()
}
