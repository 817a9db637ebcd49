use crate::{Clock, Collection};
use std::{fmt, time::Duration};

/// How to reach the store, and how patient to be with it.
#[derive(Clone)]
pub struct MongoSettings {
    /// Where it is: `mongodb://user:password@host:27017/?replicaSet=rs0`, or `mongodb+srv://`; `tls=true`
    /// for TLS.
    pub uri: String,
    /// The database; the bus needs the role `readWrite` on it and no other.
    pub database: String,
    /// Names this process at the server.
    pub name: String,
    /// The time by which leases and chunks run out. If it is not given: that of the server, so that the
    /// clocks of the nodes do not matter.
    pub clock: Option<Clock>,
    /// Collections whose indexes are made and checked at the start; others are when they are first used.
    pub collections: Vec<Collection>,
    /// How long the start waits for a server that cannot be reached.
    pub start: Duration,
    /// The limit of a call.
    pub call: Duration,
    /// Connections at a time.
    pub connections: u32,
    /// Whether to note the shapes of all queries, for [`super::Mongo::explained`].
    pub watch: bool,
}

impl MongoSettings {
    /// The usual settings for a server.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            database: "semantic_bus".to_owned(),
            name: "semantic-bus".to_owned(),
            clock: None,
            collections: Vec::new(),
            start: Duration::from_secs(30),
            call: Duration::from_secs(10),
            connections: 32,
            watch: false,
        }
    }
}

/// Without the address: it holds a password.
impl fmt::Debug for MongoSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoSettings").field("database", &self.database).finish_non_exhaustive()
    }
}
