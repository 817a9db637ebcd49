//! iCalendar, in: <https://www.rfc-editor.org/rfc/rfc5545>.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::ics::Reader,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("ics")
    .with_extensions(&["ics", "ical", "ifb"])
    .with_media_types(&["text/calendar"])
    .sniffed_by(looks_like_ics);

/// # iCalendar
///
/// Events, tasks, journals and busy times of calendars (RFC 5545, read only), each a record: its properties
/// as fields in small letters, times in their zone, whole days as dates, repetition rules as text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Reader::new(limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        None
    }
}

fn looks_like_ics(start: &[u8]) -> u8 {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let begins = start.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"));
    if begins { 95 } else { 0 }
}
