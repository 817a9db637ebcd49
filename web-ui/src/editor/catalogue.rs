use crate::texts::Texts;
use bus_core::{
    api::ConnectorInfo,
    workflow::{Step, Workflow},
};
use std::rc::Rc;

use super::Ports;

/// Formats that files can be read in, but not written.
const ONLY_READ: [&str; 3] = ["ics", "kml", "ods"];

/// The connectors of this bus, as it described them. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Catalogue(Rc<Vec<ConnectorInfo>>);

impl Catalogue {
    /// Those the server named.
    pub(crate) fn new(connectors: Vec<ConnectorInfo>) -> Self {
        Self(Rc::new(connectors))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ConnectorInfo> {
        self.0.iter()
    }

    /// The connector with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&ConnectorInfo> {
        self.0.iter().find(|connector| connector.id == id)
    }

    /// The ports of a step.
    pub(crate) fn ports(&self, document: &Workflow, step: &Step) -> Ports {
        Ports::of(document, &step.id, self.get(&step.connector))
    }

    /// What people call a step: its name, or what its connector is called.
    pub(crate) fn name<'a>(&'a self, step: &'a Step) -> &'a str {
        match self.get(&step.connector) {
            _ if !step.name.is_empty() => &step.name,
            Some(connector) => &connector.title,
            None => &step.id,
        }
    }

    /// What people call the step with this id.
    pub(crate) fn name_of<'a>(&'a self, document: &'a Workflow, id: &'a str) -> &'a str {
        document.step(id).map_or(id, |step| self.name(step))
    }

    /// What people call an output port.
    pub(crate) fn port_name(port: &str, texts: Texts) -> String {
        match port {
            "out" => texts.output().to_owned(),
            "errors" => texts.errors().to_owned(),
            other => other.to_owned(),
        }
    }

    /// The formats that can be downloaded: those that files can be written in.
    pub(crate) fn formats(&self) -> Vec<String> {
        let schema = self.get("file-out").map(|connector| &connector.schema);
        let names = schema.and_then(|schema| schema.pointer("/$defs/FormatChoice/oneOf/0/enum"));
        let names = names.and_then(serde_json::Value::as_array).into_iter().flatten();
        let names = names.filter_map(serde_json::Value::as_str).filter(|name| !ONLY_READ.contains(name));
        names.map(str::to_owned).collect()
    }
}
