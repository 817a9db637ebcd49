//! iCalendar (RFC 5545): events, tasks, journals and busy times as records.

mod line;
mod reader;
mod record;
#[cfg(test)]
mod tests;
mod zones;

pub use reader::Reader;
