//! Checks that several connectors make on their settings while they are read.

use bus_core::msg;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};

/// A list that may not be empty: for `#[serde(deserialize_with = "at_least_one")]`.
///
/// # Errors
/// When the list is empty, or an item is wrong.
pub fn at_least_one<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = Vec::<T>::deserialize(deserializer)?;
    if items.is_empty() { Err(D::Error::custom(msg!("at least one is needed"))) } else { Ok(items) }
}

/// Text that may not be empty: for `#[serde(deserialize_with = "not_empty")]`.
///
/// # Errors
/// When it is empty, or no text.
pub fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(D::Error::custom(msg!("may not be empty"))) } else { Ok(text) }
}
