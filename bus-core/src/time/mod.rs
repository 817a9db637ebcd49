//! Dates and times as people and programs write them, zones, and the slots of a calendar.
//!
//! - [`DatePattern`] reads and writes one form: `dd/MM/yyyy HH:mm` (the main form, of Unicode CLDR) or
//!   `%d/%m/%Y %H:%M` (accepted too).
//! - [`parse_any`] and [`recognise`] read the French, English and ISO forms without being told which.
//! - [`Zone`] moves between local clocks and instants, with a policy where a clock is put forward or back.
//! - [`Slot`] is a stretch of the calendar (10 minutes, a day, a quarter): where it starts, what follows.

mod guess;
mod names;
mod parts;
mod pattern;
mod slot;
mod write;
mod zone;

#[cfg(test)]
mod tests;

pub use guess::{Hints, Numbers, Recognised, parse_any, recognise};
pub use pattern::{DatePattern, PatternError};
pub use slot::{Slot, SlotError, SlotUnit};
pub use zone::{Clash, Zone, ZoneError, zone_names};
