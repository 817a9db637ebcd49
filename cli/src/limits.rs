//! What a node limits, set by name.

use bus_core::{
    Message,
    limits::{Known, Limited, unknown},
};
use connectors::contract::Limits;
use workers::BusSettings;

/// All limits of a node.
#[derive(Debug, Clone, Default)]
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
    fn every_limit_of_a_node_is_set_where_it_counts() {
        let mut limits = NodeLimits::default();
        for Known { name, usual, .. } in NodeLimits::known() {
            assert_eq!(limits.set(&name, &usual), Ok(()), "{name}");
        }
        assert_eq!((limits.set("upload_bytes", "2G"), limits.set("depth", "9")), (Ok(()), Ok(())));
        let set = (limits.bus.upload_bytes, limits.front.upload, limits.outside.depth);
        assert_eq!(set, (2 << 30, 2 << 30, 9));
        let said = limits.set("uplod_bytes", "1").map_err(|said| said.to_string());
        assert_eq!(said, Err("there is no limit `uplod_bytes`: did you mean `upload_bytes`?".to_owned()));
    }
}
