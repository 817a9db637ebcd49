use crate::contract::FormatError;
use bus_core::{msg, record::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The order of the records of a pack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// By time, as resolved records are
    #[default]
    Chronological,
    /// As they are written
    AsWritten,
}

/// A time that stands for the moment of reception.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String")]
pub struct Now(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Now {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = Timestamp::parse(&text).filter(|time| time.offset().is_some());
        time.map(Self).ok_or_else(|| {
            D::Error::custom(msg!(
                "`{text}` is not a time with its zone, such as `2026-03-28T00:00:00Z`",
                text = text
            ))
        })
    }
}

// How a pack is read: the settings that its three forms share. (A doc comment would become their text.)
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reading {
    /// # Received at
    ///
    /// The moment that relative times count from, with its zone. Empty: when the data come in.
    #[schemars(extend("examples" = ["2026-03-28T00:00:00Z"]))]
    pub(crate) now: Option<Now>,
    /// # Order
    ///
    /// The order of the records. Packs of more than 100 000 records stay as they are written.
    pub(crate) order: Order,
    /// # Open stream
    ///
    /// The pack is a stream (SensML): it need not have an end, and records come at once.
    pub(crate) stream: bool,
}

impl Reading {
    /// The moment of reception, in microseconds.
    pub(super) fn now_micros(self) -> Result<i64, FormatError> {
        match self.now {
            Some(Now(now)) => Ok(now.micros()),
            None => Err(FormatError::new(msg!(
                "the pack has a time relative to its reception, which is not known: set `now`"
            ))),
        }
    }
}
