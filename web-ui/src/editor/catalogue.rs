use crate::texts::Texts;
use bus_core::{
    api::ConnectorInfo,
    manual::groups,
    workflow::{Step, Workflow},
};
use serde_json::Value;
use std::rc::Rc;

use super::Ports;

/// The connectors of this bus, as it described them. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Catalogue(Rc<Vec<ConnectorInfo>>);

impl Catalogue {
    /// Those the server named.
    pub(crate) fn new(mut connectors: Vec<ConnectorInfo>) -> Self {
        // group by group, from what brings records in to what sends them out
        let groups = groups().map(|(group, _)| group);
        let place = |connector: &ConnectorInfo| {
            let group = connector.schema.get("x-group").and_then(Value::as_str);
            groups.iter().position(|known| Some(*known) == group)
        };
        connectors.sort_by_key(|connector| place(connector).unwrap_or(groups.len()));
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

    /// What people call a place in the settings of a step: its first part as the form has it.
    pub(crate) fn place_of(&self, document: &Workflow, id: &str, path: &str) -> String {
        let (first, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        let connector = document.step(id).and_then(|step| self.get(&step.connector));
        let title = connector.and_then(|it| it.schema.get("properties")?.get(first)?.get("title")?.as_str());
        format!("{}{rest}", title.unwrap_or(first))
    }

    /// What people call an output port.
    pub(crate) fn port_name(port: &str, texts: Texts) -> String {
        match port {
            "out" => texts.output().to_owned(),
            "errors" => texts.errors().to_owned(),
            "in" => texts.into().to_owned(),
            "else" => texts.otherwise().to_owned(),
            "left" => texts.left().to_owned(),
            "right" => texts.right().to_owned(),
            other => other.to_owned(),
        }
    }

    /// The formats that can be downloaded: those that files can be written in.
    pub(crate) fn formats(&self) -> Vec<String> {
        let names = self.get("file-out").and_then(|it| it.schema.pointer("/$defs/FormatChoice/oneOf/0"));
        let list = |member| {
            names.and_then(|names| names.get(member)).and_then(Value::as_array).into_iter().flatten()
        };
        let only_read: Vec<&Value> = list("x-only-read").collect();
        let written = list("enum").filter(|name| !only_read.contains(name));
        written.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::editor::tests::catalogue;
    use bus_core::workflow::Workflow;

    #[test]
    fn places_are_named_as_the_form_names_them() {
        let text = "{ version: 1, steps: [{ id: out, connector: file-out }, { id: check, connector: validate }, { id: x, connector: gone }] }";
        let document = Workflow::load(text).expect("a document").workflow;
        let place = |step, path| catalogue().place_of(&document, step, path);
        assert_eq!(place("out", "path"), "File");
        assert_eq!(place("check", "fields[2].field"), "Rules[2].field");
        assert_eq!(place("x", "path"), "path");
        assert_eq!(place("out", ""), "");
    }

    #[test]
    fn what_can_only_be_read_is_no_download() {
        let formats = catalogue().formats();
        for (format, offered) in
            [("csv", true), ("geojson", true), ("xlsx", true), ("ods", false), ("kml", false)]
        {
            assert_eq!(formats.iter().any(|it| it == format), offered, "{format} of {formats:?}");
        }
    }
}
