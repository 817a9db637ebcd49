use bus_core::{Message, msg};
use std::fmt;

/// What kind of trouble the backplane is in: what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody else was faster: read again and decide anew.
    Conflict,
    /// Not reachable now: try again.
    Unavailable,
    /// What was asked cannot be done, now or later (too large, a queue that does not exist).
    Refused,
    /// What is stored cannot be read.
    Corrupt,
}

/// Why the backplane did not do what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct BackplaneError {
    /// What the caller can do about it.
    pub trouble: Trouble,
    /// What happened and what to do.
    pub message: Message,
}

impl BackplaneError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(trouble: Trouble, message: Message) -> Self {
        Self { trouble, message }
    }

    /// Somebody else was faster.
    #[must_use]
    pub fn conflict(what: &str) -> Self {
        Self::new(Trouble::Conflict, msg!("`{what}` was changed by somebody else meanwhile", what = what))
    }
}

impl fmt::Display for BackplaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for BackplaneError {}
