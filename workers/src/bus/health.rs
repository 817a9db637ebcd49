//! Whether a node reaches what it needs.

use super::{Bus, queues::TASKS, tally::Done};
use backplane::BackplaneError;
use bus_core::{Message, msg};
use std::time::Duration;

/// How long store and broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a node reaches: what is wrong, where something is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Why the store cannot be reached.
    pub store: Option<Message>,
    /// Why the broker cannot be reached.
    pub broker: Option<Message>,
}

impl Health {
    /// Whether all is well.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.store.is_none() && self.broker.is_none()
    }
}

impl Bus {
    /// Whether the store and the broker can be reached now.
    pub async fn health(&self) -> Health {
        let store = async { answered(self.store().chunks("ready/", None, 1)).await };
        let broker = async { answered(self.broker().depth(TASKS)).await };
        let (store, broker) = tokio::join!(store, broker);
        Health { store, broker }
    }

    /// What this node has done since its start.
    #[must_use]
    pub fn done(&self) -> Done {
        self.tally().read()
    }

    /// How many tasks this node does at a time.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.parts().slots
    }
}

async fn answered<T>(asked: impl Future<Output = Result<T, BackplaneError>>) -> Option<Message> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.message),
        Err(_) => Some(msg!("no answer within {seconds} seconds", seconds = PATIENCE.as_secs())),
    }
}
