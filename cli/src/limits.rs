//! What a node limits, set by name.

use bus_core::{
    Message,
    limits::{Known, Limited, unknown},
};
use connectors::contract::Limits;
use workers::BusSettings;

/// All limits of a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NodeLimits {
    /// On what its steps take from outside.
    pub(crate) outside: Limits,
    /// On what it keeps, and waits for.
    pub(crate) bus: BusSettings,
    /// On what a server answers.
    pub(crate) front: gateway::Settings,
}

impl NodeLimits {
    /// All of them, by name.
    pub(crate) fn known() -> Vec<Known> {
        let mut known = [Limits::known(), BusSettings::known(), gateway::Settings::known()].concat();
        known.sort_by(|one, other| one.name.cmp(&other.name));
        // what two of them limit is one limit
        known.dedup_by(|one, other| one.name == other.name);
        known
    }

    /// Gives the limit `name` another value.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> Result<(), Message> {
        let set = [self.outside.set(name, text)?, self.bus.set(name, text)?, self.front.set(name, text)?];
        if set.contains(&true) { Ok(()) } else { Err(unknown(name, &Self::known())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_a_node_says_what_it_is_for_and_is_set_by_its_name() {
        // what is no number stays
        let bus = BusSettings { labels: vec!["usine".to_owned()], shared: true, ..BusSettings::default() };
        let own = NodeLimits { bus, ..NodeLimits::default() };
        let known = NodeLimits::known();
        assert_eq!(known.len(), 45);
        for Known { name, meaning, usual } in known {
            assert!(!meaning.is_empty(), "{name}");
            let mut limits = own.clone();
            assert_eq!(limits.set(&name, &usual), Ok(()), "{name}");
            assert_eq!(limits, own, "{name}={usual}");
            assert_eq!(limits.set(&name, "7"), Ok(()), "{name}");
            assert_ne!(limits, own, "{name}");
        }
    }

    #[test]
    fn a_limit_is_set_wherever_it_counts() {
        let mut limits = NodeLimits::default();
        assert_eq!((limits.set("upload_bytes", "2G"), limits.set("depth", "9")), (Ok(()), Ok(())));
        let set = (limits.bus.upload_bytes, limits.front.upload, limits.outside.depth);
        assert_eq!(set, (2 << 30, 2 << 30, 9));
        let said = limits.set("uplod_bytes", "1").map_err(|said| said.to_string());
        assert_eq!(said, Err("there is no limit `uplod_bytes`: did you mean `upload_bytes`?".to_owned()));
    }
}
