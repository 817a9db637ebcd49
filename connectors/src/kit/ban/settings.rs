use bus_core::path::FieldPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// What becomes of records without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoMatch {
    /// # Refuse the record
    ///
    /// The record goes to the errors.
    #[default]
    Reject,
    /// # Nothing
    ///
    /// The fields become empty.
    Null,
}

/// Where a longitude stands unless said.
pub(crate) fn longitude() -> FieldPath {
    FieldPath::of_key("longitude")
}

/// Where a latitude stands unless said.
pub(crate) fn latitude() -> FieldPath {
    FieldPath::of_key("latitude")
}

/// How many calls a second are made unless said: fewer than the public service takes.
pub(crate) const fn calls_a_second() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(39)
}
