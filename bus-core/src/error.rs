//! Errors that say whose move it is.

use crate::{Message, message::Language, msg};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose move it is after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The author of the workflow: a setting is wrong.
    Settings,
    /// Whoever makes the data: it is not what it should be.
    Data,
    /// The other side: a server, a disk, a network.
    Remote,
    /// The bus itself.
    Ours,
}

/// Why a step cannot go on.
///
/// Each layer adds only what it alone knows, from the inside out: `line 12, column 4: closing quote
/// missing`, then the address, then the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepError {
    /// Whose move it is.
    pub fault: Fault,
    /// Whether doing the same again may help.
    pub retry: bool,
    /// Where it happened, outermost first (step, address, field path, …).
    pub place: Vec<Message>,
    /// What happened and what to do.
    pub message: Message,
}

impl StepError {
    /// An error in the settings of the step.
    #[must_use]
    pub const fn settings(message: Message) -> Self {
        Self::new(Fault::Settings, message)
    }

    /// An error in the data that no single record can be blamed for.
    #[must_use]
    pub const fn data(message: Message) -> Self {
        Self::new(Fault::Data, message)
    }

    /// An error of the other side that will not go away by itself.
    #[must_use]
    pub const fn remote(message: Message) -> Self {
        Self::new(Fault::Remote, message)
    }

    /// An error of the other side that may be gone at the next attempt.
    #[must_use]
    pub const fn passing(message: Message) -> Self {
        Self { fault: Fault::Remote, retry: true, place: Vec::new(), message }
    }

    /// A defect of the bus.
    #[must_use]
    pub const fn ours(message: Message) -> Self {
        Self::new(Fault::Ours, message)
    }

    /// The end of a step because its run was cancelled.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::remote(msg!("the run was cancelled"))
    }

    /// Whether this is the end of a step because its run was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.message.template() == Self::cancelled().message.template()
    }

    const fn new(fault: Fault, message: Message) -> Self {
        Self { fault, retry: false, place: Vec::new(), message }
    }

    /// The same error, with a place around it.
    #[must_use]
    pub fn at(mut self, place: Message) -> Self {
        self.place.insert(0, place);
        self
    }

    /// The whole text in `language`: places, then what happened.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let parts = self.place.iter().chain([&self.message]).map(|part| part.text(language));
        parts.collect::<Vec<_>>().join(": ")
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl std::error::Error for StepError {}

/// Why one record was refused: it goes to the step's `errors` port, the run goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// What is wrong with it and what to do.
    pub message: Message,
    /// The field that is wrong, as a path such as `address.city`; empty for the whole record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Where it stands in the input, from 1; 0 where that is not known.
    #[serde(default)]
    pub line: u64,
    /// Column in that line, in characters from 1; 0 where that is not known.
    #[serde(default)]
    pub column: u64,
    /// Which record it is of those read, from 1, where its line is not known; 0 if that is not known either.
    #[serde(default)]
    pub number: u64,
}

impl Reject {
    /// A refusal of the whole record.
    #[must_use]
    pub const fn new(message: Message) -> Self {
        Self { message, field: String::new(), line: 0, column: 0, number: 0 }
    }

    /// A refusal because of one field.
    #[must_use]
    pub fn field(field: impl Into<String>, message: Message) -> Self {
        Self { field: field.into(), ..Self::new(message) }
    }

    /// The same refusal, with its place in the input (from 1).
    #[must_use]
    pub const fn at(mut self, line: u64, column: u64) -> Self {
        (self.line, self.column) = (line, column);
        self
    }
}
