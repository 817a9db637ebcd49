use crate::contract::Connector;
use bus_core::{
    catalogue::{Catalogue, Entry, SettingsProblem},
    msg,
};
use std::{collections::BTreeMap, sync::LazyLock};

/// All connectors, by id.
pub fn connectors() -> impl Iterator<Item = &'static Connector> {
    [crate::sources::ALL, crate::transforms::ALL, crate::sinks::ALL].into_iter().flatten().copied()
}

/// The connector with this id.
#[must_use]
pub fn connector(id: &str) -> Option<&'static Connector> {
    connectors().find(|connector| connector.id() == id)
}

/// The catalogue of all connectors, for checking and planning.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connectors;

static ENTRIES: LazyLock<BTreeMap<&'static str, Entry>> =
    LazyLock::new(|| connectors().map(|connector| (connector.id(), connector.entry())).collect());

impl Catalogue for Connectors {
    fn entry(&self, id: &str) -> Option<&Entry> {
        ENTRIES.get(id)
    }

    fn ids(&self) -> Vec<&'static str> {
        ENTRIES.keys().copied().collect()
    }

    fn check_settings(&self, id: &str, settings: &serde_json::Value) -> Vec<SettingsProblem> {
        match connector(id) {
            Some(connector) => connector.start(settings).err().into_iter().collect(),
            None => vec![SettingsProblem {
                path: String::new(),
                message: msg!("there is no connector `{id}`", id = id),
                advice: None,
            }],
        }
    }
}
