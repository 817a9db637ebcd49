use backplane::{BackplaneError, Trouble};
use bus_core::{Message, api::Finding, msg};
use std::fmt;

/// Why the bus did not do what was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum BusError {
    /// There is no such thing.
    Missing,
    /// Somebody else has changed it meanwhile.
    Conflict {
        /// The revision that stands now.
        revision: u64,
    },
    /// The workflow has errors and does not run.
    Draft(Vec<Finding>),
    /// It cannot be done like this: what is wrong and what to do.
    Refused(Message),
    /// It was kept, and has outlived its time.
    Expired(Message),
    /// The broker or the store is in trouble.
    Backplane(BackplaneError),
}

impl BusError {
    /// What stands in the store is not what this bus writes.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let problem = msg!("what is stored cannot be read: {problem}", problem = error.to_string());
        Self::Backplane(BackplaneError::new(Trouble::Corrupt, problem))
    }

    /// What happened and what to do.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Missing => msg!("there is nothing of that name"),
            Self::Conflict { revision } => {
                msg!(
                    "it was changed by somebody else meanwhile and stands at revision {revision}",
                    revision = *revision
                )
            }
            Self::Draft(findings) => {
                msg!("the workflow has {count} findings to mend before it runs", count = findings.len())
            }
            Self::Refused(message) | Self::Expired(message) => message.clone(),
            Self::Backplane(error) => error.message.clone(),
        }
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for BusError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Backplane(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BackplaneError> for BusError {
    fn from(error: BackplaneError) -> Self {
        Self::Backplane(error)
    }
}
