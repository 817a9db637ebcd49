//! Dates and times as people and programs write them, zones, and the slots of a calendar.
//!
//! - [`DatePattern`] reads and writes one form: `dd/MM/yyyy HH:mm` (the main form, of Unicode CLDR) or
//!   `%d/%m/%Y %H:%M` (accepted too).
//! - [`parse_any`] and [`recognise`] read the French, English and ISO forms without being told which.
//! - [`Zone`] moves between local clocks and instants, with a policy where a clock is put forward or back.
//! - [`Cron`] is a schedule: the times it names on the clocks of a zone, one after the other.
//! - [`Slot`] is a stretch of the calendar (10 minutes, a day, a quarter): where it starts, what follows.

mod cron;
mod guess;
mod names;
mod parts;
mod pattern;
mod slot;
mod write;
mod zone;

#[cfg(test)]
mod tests;

pub use cron::Cron;
pub use guess::{Hints, Numbers, Recognised, parse_any, recognise};
pub use pattern::{DatePattern, PatternError};
pub use slot::{Slot, SlotError, SlotUnit};
pub use zone::{Clash, Zone, ZoneError, zone_names};

/// The name of the day of the week of a date.
#[must_use]
pub fn weekday(date: jiff::civil::Date, language: crate::Language) -> &'static str {
    names::weekday(date.weekday().to_monday_one_offset(), false, language)
}
