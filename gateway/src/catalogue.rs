//! The connectors as the browser sees them: written once in each language.

use crate::packed::Packed;
use bus_core::{
    Language,
    api::{ConnectorInfo, PortInfo},
    catalogue::{Catalogue as _, Entry},
    manual::{groups, translated},
};
use connectors::Connectors;
use serde_json::Value;
use std::sync::OnceLock;

/// The list of all connectors.
pub(crate) fn list(language: Language) -> &'static Packed {
    static LISTS: [OnceLock<Packed>; 2] = [const { OnceLock::new() }; 2];
    let [en, fr] = &LISTS;
    let list = if language == Language::Fr { fr } else { en };
    list.get_or_init(|| {
        let all: Vec<ConnectorInfo> =
            Connectors.ids().into_iter().filter_map(|id| one(id, language)).collect();
        let text = serde_json::to_vec(&all).unwrap_or_default();
        Packed::new("application/json", text).varying("accept-encoding, accept-language")
    })
}

/// One connector, if there is one with this id.
pub(crate) fn one(id: &str, language: Language) -> Option<ConnectorInfo> {
    Connectors.entry(id).map(|entry| info(entry, language))
}

fn info(entry: &Entry, language: Language) -> ConnectorInfo {
    let schema = translated(&entry.schema, language);
    let member = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let group = member("x-group");
    let shown = groups().into_iter().find(|(id, _)| *id == group).map(|(_, title)| title.text(language));
    ConnectorInfo {
        id: entry.id.to_owned(),
        kind: entry.kind,
        title: member("title"),
        description: member("description"),
        group: shown.unwrap_or(group),
        icon: member("x-icon"),
        inputs: entry
            .inputs
            .iter()
            .map(|input| PortInfo { name: input.name.to_owned(), required: input.required, many: input.many })
            .collect(),
        outputs: entry.outputs.iter().map(|&port| port.to_owned()).collect(),
        live: entry.live,
        schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::message::french;

    #[test]
    fn every_connector_is_there_in_both_languages() {
        for id in Connectors.ids() {
            let (en, fr) = (one(id, Language::En).expect("known"), one(id, Language::Fr).expect("known"));
            assert_eq!(french(&en.title), Some(fr.title.as_str()), "{id}");
            assert_eq!(french(&en.description), Some(fr.description.as_str()), "{id}");
            assert_eq!(french(&en.group), Some(fr.group.as_str()), "{id}");
            assert_eq!(fr.schema["title"], fr.title, "{id}");
        }
        assert!(one("no-such-connector", Language::En).is_none());
    }
}
