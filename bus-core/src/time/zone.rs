use crate::{Message, msg, record::Timestamp};
use jiff::tz::{self, Disambiguation, Offset, TimeZone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A time zone: a name of the IANA database (`Europe/Paris`), `UTC`, or a fixed offset (`+02:00`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// Which time is meant when a local clock shows it twice or never, because it is put back or forward.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clash {
    /// # The usual one
    ///
    /// The earlier of two; as much later as the clock was put forward (RFC 5545).
    #[default]
    Usual,
    /// # The earlier one
    ///
    /// The earlier of two; as much earlier as the clock was put forward.
    Earlier,
    /// # The later one
    ///
    /// The later of two; as much later as the clock was put forward.
    Later,
    /// # Refuse
    ///
    /// The record is refused.
    Reject,
}

/// Why a zone, or a time in it, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneError(Message);

impl ZoneError {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ZoneError {}

impl From<ZoneError> for Message {
    fn from(error: ZoneError) -> Self {
        error.0
    }
}

impl Zone {
    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// The name it was asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone as `jiff` knows it.
    #[must_use]
    pub const fn as_jiff(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant of a local time in this zone. A time with an offset is an instant already: it is
    /// shown in this zone. A date without time of day stays one.
    ///
    /// # Errors
    /// When the clock showed that time twice or never and `clash` is to refuse, and beyond the years
    /// that can be held.
    pub fn place(&self, time: Timestamp, clash: Clash) -> Result<Timestamp, ZoneError> {
        if time.offset().is_some() {
            return Ok(self.show(time));
        }
        if time.is_date() {
            return Ok(time);
        }
        let how = match clash {
            Clash::Usual => Disambiguation::Compatible,
            Clash::Earlier => Disambiguation::Earlier,
            Clash::Later => Disambiguation::Later,
            Clash::Reject => Disambiguation::Reject,
        };
        let found = self.zone.to_ambiguous_timestamp(time.civil());
        let twice = found.is_ambiguous();
        match found.disambiguate(how) {
            Ok(instant) => {
                Ok(Timestamp::at(instant.as_microsecond(), self.offset_at(instant), time.precision()))
            }
            Err(_) if twice => Err(ZoneError(msg!(
                "{time} does not exist or exists twice in {zone}, as the clock is changed there; say which is meant",
                time = time.to_string(),
                zone = &self.name
            ))),
            Err(_) => {
                Err(ZoneError(msg!("{time} is beyond the years that can be held", time = time.to_string())))
            }
        }
    }

    /// The same instant as the clocks of this zone show it; local times and dates stay as they are.
    #[must_use]
    pub fn show(&self, time: Timestamp) -> Timestamp {
        if time.offset().is_none() {
            return time;
        }
        match jiff::Timestamp::from_microsecond(time.micros()) {
            Ok(instant) => Timestamp::at(time.micros(), self.offset_at(instant), time.precision()),
            Err(_) => time,
        }
    }

    /// The offset in whole minutes, as records hold it (before about 1900 clocks had odd seconds too).
    fn offset_at(&self, instant: jiff::Timestamp) -> i16 {
        i16::try_from(self.zone.to_offset(instant).seconds().div_euclid(60)).unwrap_or_default()
    }
}

/// The names of all zones.
pub fn zone_names() -> impl Iterator<Item = String> {
    tz::db().available().map(|name| name.as_str().to_owned())
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        if matches!(name, "Z" | "UTC" | "utc" | "GMT") {
            return Ok(Self { name: name.to_owned(), zone: TimeZone::UTC });
        }
        let offset = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")).unwrap_or(name);
        if let Some(minutes) = super::guess::read_offset(offset) {
            let offset = Offset::from_seconds(i32::from(minutes) * 60);
            let zone = offset.map_err(|_| unknown_zone(name))?.to_time_zone();
            return Ok(Self { name: name.to_owned(), zone });
        }
        let zone = TimeZone::get(name).map_err(|_| unknown_zone(name))?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, zone })
    }
}

fn unknown_zone(name: &str) -> ZoneError {
    let wanted = crate::text::slug(name.rsplit('/').next().unwrap_or(name));
    let near = zone_names().find(|known| {
        let city = known.rsplit('/').next().unwrap_or(known);
        !wanted.is_empty() && crate::text::slug(city).starts_with(&wanted)
    });
    ZoneError(match near {
        Some(near) => msg!("there is no time zone `{name}`; write `{near}`", name = name, near = near),
        None => msg!(
            "there is no time zone `{name}`; write a name such as `Europe/Paris`, `UTC` or an offset such as `+02:00`",
            name = name
        ),
    })
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "Zone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["Europe/Paris", "UTC", "+02:00"] })
    }
}
